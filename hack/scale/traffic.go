package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/stream/streampb"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// framing is what gRPC and HTTP/2 put before a message: 5 and 9 bytes. Headers of
// calls, which only Nacos's messages have, are not counted.
const framing = 5 + 9

// mark is that of a usual connection.
var mark = naming.Mark{
	Client: "1767225600000_10.244.12.34_52114",
	Stamp:  naming.Issue("demo-0.demo-headless.prod.svc:8848", 1767225600000),
}

// verifyCall is what one VERIFY costs, with its answer.
func verifyCall() int {
	request := wire.Payload(wire.DistroDataRequest, wire.VerifyRequest(mark))
	request.Metadata = &nacospb.Metadata{Type: string(wire.DistroDataRequest), ClientIp: "10.244.12.34"}
	answer := wire.Payload(wire.DistroDataResponse, wire.Success())
	return proto.Size(request) + proto.Size(answer) + 2*framing
}

func streamed(f frame.Frame) int {
	return proto.Size(&streampb.Frame{Content: f.Append(nil)}) + framing
}

// digestRound is what it costs to find that all is alike.
func digestRound() int {
	return streamed(frame.Summarize{ID: 1 << 20}) + streamed(frame.Buckets{ID: 1 << 20})
}

// difference is what it costs to find the one client that differs among those that
// a member owns.
func difference(owned int) int {
	marks := make([]naming.Mark, max(1, owned/distro.Buckets))
	for i := range marks {
		marks[i] = mark
	}
	return digestRound() +
		streamed(frame.Buckets{Digests: make([][16]byte, distro.Buckets)}) +
		streamed(frame.Detail{Buckets: []uint8{1}, Marks: marks}) +
		streamed(frame.Different{Clients: []naming.ClientID{mark.Client}})
}

// trafficTable says what verification costs while nothing differs.
func trafficTable() string {
	var b strings.Builder
	b.WriteString("| Members | Clients | Nacos's VERIFY: calls/s | bytes/s | Digests: questions/s | bytes/s |" +
		" To find one client that differs |\n")
	b.WriteString("|--:|--:|--:|--:|--:|--:|--:|\n")
	every := distro.Default().VerifyInterval.Seconds()
	for _, members := range []int{3, 10, 100, 1000} {
		for _, clients := range []int{1000, 10_000, 100_000, 1_000_000} {
			peers, owned := float64(members-1), max(1, clients/members)
			calls, questions := float64(owned)*peers/every, peers/every
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n",
				count(float64(members)), count(float64(clients)),
				count(calls), size(calls*float64(verifyCall())),
				count(questions), size(questions*float64(digestRound())),
				size(float64(difference(owned))))
		}
	}
	fmt.Fprintf(&b, "\nA VERIFY with its answer is %d bytes, a digest with its answer %d. Both go to every peer every %.0f s.\n",
		verifyCall(), digestRound(), every)
	return b.String()
}

// count writes a number with three digits at most.
func count(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.3gM", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.3gk", n/1e3)
	default:
		return fmt.Sprintf("%.4g", n)
	}
}

// size writes a number of bytes.
func size(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.3g GB", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.3g MB", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3g KB", n/1e3)
	default:
		return fmt.Sprintf("%.0f B", n)
	}
}
