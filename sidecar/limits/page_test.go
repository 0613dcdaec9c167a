package limits

import (
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/golden"
)

const before = `# Limits

What one caller, and all of them together, may ask of a member. Each limit is a setting: ` + "`--limits name=value,…`" + ` on the
[command line](command-line.md), for example:

<!-- shown: a part of a command line; a test reads such values -->
` + "```" + `
--limits connections-per-ip=3000,message=4MiB,message-within=5s
` + "```" + `

In a NamingCluster they are in the spec; a change replaces the members one by one, as [every change](../how-to/update.md) of what they run:

<!-- spec -->
` + "```yaml" + `
spec:
  limits:
    connections-per-ip: "3000"
    message: 4MiB
` + "```" + `

Bytes may have KiB, MiB or GiB, times need ms, s, m or h, as in ` + "`90s`" + `, and ` + "`0`" + ` turns a limit off unless there is a least value. What is not named has its default. A wrong name or
value ends the start with an error that lists all limits; in a NamingCluster the API server refuses it. Who goes over a limit is told which, and where it
is set, and counts in the metric
[` + "`naming_over_limit_total`" + `](metrics.md#protection) with its name, where the last column says so.

A test writes this page from the table that the ports apply.

| Limit | Default | Least | What is limited | What the client sees | Counted |
|---|--:|--:|---|---|---|
`

const after = `
## How they work together

A connection that is one too many is not just cut. Up to 512 of them on each port are let in for five seconds, only to be told why; beyond that they are closed at once.
SDKs take the refusal of their first call (` + "`ServerCheckRequest`" + `) for a server that is not to be had: they try the next one in their list, and wait longer before each
round, up to five seconds. Members have a port, and places, of their own: clients cannot take those.

The bytes of ` + "`unfinished`" + ` are counted by reading the frames of HTTP/2 as they come in. Together with ` + "`message-within`" + ` they bound what clients can make a member keep
that send messages without ending them. Only who holds more than an equal share of the bytes, and more than 64 KiB, is cut.

## What cannot be set

These are Nacos's own, and the same on every member, also on those in Java, which would refuse what goes beyond them:

| Limit | Value |
|---|--:|
| namespace, cluster name | 64 characters |
| group, IP | 128 characters |
| service name | 512 characters |
| metadata of an instance, keys and values together | 1024 characters |
| port | 0 to 65535 |
| weight | finite; over HTTP 0 to 10000 |

Stricter than Nacos, since it would be kept, or read as something else:

| What | Limit |
|---|--:|
| id that a client gives its instance | 1024 characters |
| clusters asked for at once | 6400 characters |
| clusters of a list that is pushed over UDP | 512 bytes; with more its client asks again by itself |
| name of a client's program | 256 bytes are kept |
| control and unseen characters in names of services and in IPs | refused |
| bodies over gRPC that are not UTF-8 | refused |

And these, since nothing is gained by other values:

| Limit | Value |
|---|--:|
| head of a gRPC call | 16 KiB |
| depth of JSON | 10,000 |
| HTTP/2 and TLS handshake | 10 s, 5 s |
| pings of HTTP/2 | one in 10 s; more end the connection with ` + "`too_many_pings`" + ` |
| calls under way on one connection of a member | 65,536 |
| acknowledgement over UDP | 2 KiB |
| a push that is not acknowledged | after one minute of them the connection is closed |
| head, call and answer on the admin port | 16 KiB, 10 s, 30 s |
`

// The page is the table.
func TestPageIsWrittenFromTheTable(t *testing.T) {
	var b strings.Builder
	b.WriteString(before)
	for _, row := range Table {
		least, counted := "", ""
		if row.Least != 0 {
			least = row.Text(row.Least)
		}
		if row.Counted {
			counted = "yes"
		}
		cells := []string{"`" + row.Name + "`", row.Text(row.Default), least, row.What, row.Seen, counted}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	b.WriteString(after)
	golden.Check(t, "../../docs/reference/limits.md", []byte(b.String()))
}
