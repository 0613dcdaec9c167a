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

	application bool // no client alone, but an application on top of one

	// What a user sets to speak TLS, to show a certificate, and to log in.
	tls, certificate, login string

	absent map[string]string // scenarios that it does not offer, with the reason
}

// connects reports whether the client keeps a connection, and lives by it.
func (k kind) connects() bool { return k.protocol == "gRPC" }

const noCertificate = "it can show none: its `_do_sync_req` makes an `SSLContext` for each call, and takes none"

// dubboKind is an application whose scenarios are its own.
var dubboKind = kind{name: "Dubbo 3.3.5", protocol: "nacos-client 2.5.1", build: dubboApplication, application: true}

var kinds = []kind{
	{
		name: "nacos-sdk-go 2.3.5", protocol: "gRPC", build: goDriver("gov2"),
		tls:         "`ClientConfig.TLSCfg`: `Enable` and `CaFile`",
		certificate: "`CertFile` and `KeyFile` of `TLSCfg`",
		login:       "`ClientConfig.Username` and `Password`",
	},
	{
		name: "nacos-sdk-go 1.1.6", protocol: "HTTP, UDP", build: goDriver("gov1"), authorities: "SSL_CERT_FILE",
		tls:         "`ServerConfig.Scheme`: `https`; the authority by the environment, `SSL_CERT_FILE`. Pushes over UDP are plaintext",
		certificate: "no setting; it calls by `http.DefaultTransport`, which the program gives one",
		login:       "`ClientConfig.Username` and `Password`",
		absent: map[string]string{
			"batch":          "it registers one instance at a time",
			"graceful close": "it cannot be closed",
		},
	},
	{
		name: "nacos-client 2.5.1 (Java)", protocol: "gRPC", build: javaDriver("2.5.1"),
		tls:         "system properties `nacos.remote.client.rpc.tls.enable`, `….trustCollectionChainPath` (`file:/…`: a path alone is one of the class path) and `….trustAll=false`: unless told so it trusts everybody",
		certificate: "`….mutualAuth=true`, `….certChainFile` and `….certPrivateKey`, both `file:/…`",
		login:       "properties `username` and `password`",
	},
	{
		name: "nacos-client 3.0.2 (Java)", protocol: "gRPC", build: javaDriver("3.0.2"),
		tls:         "system properties `nacos.remote.client.rpc.tls.enable`, `….trustCollectionChainPath` (`file:/…`: a path alone is one of the class path) and `….trustAll=false`: unless told so it trusts everybody",
		certificate: "`….mutualAuth=true`, `….certChainFile` and `….certPrivateKey`, both `file:/…`",
		login:       "properties `username` and `password`",
	},
	{
		name: "nacos 2.6.3 (Node)", protocol: "HTTP, UDP", build: nodeDriver, authorities: "NODE_EXTRA_CA_CERTS",
		tls:         "`ssl: true`; the authority by the environment, `NODE_EXTRA_CA_CERTS`. Pushes over UDP are plaintext",
		certificate: "no setting; an `httpclient` of the program's own that gives `cert` and `key` to each call of urllib",
		login:       "`username` and `password`, which it sends with each call",
		absent: map[string]string{
			"batch":    "it registers one instance at a time",
			lastLeaves: "it takes an empty list for an error and keeps the one before",
		},
	},
	{
		name: "nacos-sdk-python 2.0.11", protocol: "HTTP", build: pythonDriver("2"),
		tls:         "addresses that begin with `https://`; it does not verify the member's certificate",
		certificate: "not possible: it makes the `SSLContext` of each call itself",
		login:       "`username` and `password` of `NacosClient`",
		absent: map[string]string{
			"batch":                  "it registers one instance at a time",
			"graceful close":         "it cannot be closed",
			"TLS: another authority": "it verifies no certificate, and has no setting for that",
			"certificate: register":  noCertificate,
			"certificate: subscribe": noCertificate,
		},
	},
	{
		name: "nacos-sdk-python 3.2.0", protocol: "gRPC", build: pythonDriver("3"),
		tls:         "`tls_config(TLSConfig(enabled=True, ca_file, cert_file, key_file))`; it opens all three files, also where members ask for no certificate",
		certificate: "the same `TLSConfig`",
		login:       "`username` and `password` of `ClientConfigBuilder`",
	},
	{
		name: "Spring Cloud Alibaba 2023.0.3.2", protocol: "gRPC", build: springApplication, application: true,
		tls:         "as nacos-client, which is inside",
		certificate: "as nacos-client",
		login:       "`spring.cloud.nacos.discovery.username` and `.password`",
		absent: map[string]string{
			"batch":       "an application registers itself",
			"unsubscribe": "an application follows what it calls as long as it lives",
			"deregister":  "an application withdraws as it ends",

			"TLS: another authority": "nacos-client, which is inside, decides",
		},
	},
}
