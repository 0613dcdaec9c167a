package clients

import "context"

// kind is an official client: a column of the table.
type kind struct {
	name     string
	protocol string
	build    func(context.Context) ([]string, error) // returns the command that runs its driver

	// authorities is the variable that names a file of those that the language
	// trusts, for clients that have no setting of their own.
	authorities string

	absent map[string]string // scenarios that it does not offer, with the reason
}

var kinds = []kind{
	{name: "nacos-sdk-go 2.3.5", protocol: "gRPC", build: goDriver("gov2")},
	{
		name: "nacos-sdk-go 1.1.6", protocol: "HTTP, UDP", build: goDriver("gov1"), authorities: "SSL_CERT_FILE",
		absent: map[string]string{
			"batch":          "it registers one instance at a time",
			"graceful close": "it cannot be closed",
		},
	},
	{name: "nacos-client 2.5.1 (Java)", protocol: "gRPC", build: javaDriver("2.5.1")},
	{name: "nacos-client 3.0.2 (Java)", protocol: "gRPC", build: javaDriver("3.0.2")},
	{
		name: "nacos 2.6.3 (Node)", protocol: "HTTP, UDP", build: nodeDriver, authorities: "NODE_EXTRA_CA_CERTS",
		absent: map[string]string{
			"batch":    "it registers one instance at a time",
			lastLeaves: "it takes an empty list for an error and keeps the one before",
		},
	},
	{
		name: "nacos-sdk-python 2.0.11", protocol: "HTTP", build: pythonDriver("2"),
		absent: map[string]string{
			"batch":          "it registers one instance at a time",
			"graceful close": "it cannot be closed",
		},
	},
	{name: "nacos-sdk-python 3.2.0", protocol: "gRPC", build: pythonDriver("3")},
}
