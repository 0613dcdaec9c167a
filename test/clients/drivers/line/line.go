// Package line is what the test of official clients and its drivers say to each
// other: JSON, one value a line. The test writes requests to the driver's
// standard input, one at a time, and each is answered by one line on its
// standard output. Lists that a subscription delivers are written between them,
// in order, as they come. The drivers in other languages speak the same.
package line

// Request asks a driver for one operation of its client.
type Request struct {
	Op string `json:"op"` // open, register, batch, deregister, query, subscribe, unsubscribe, close

	Servers []string `json:"servers,omitempty"` // open: the members, as host:port
	Dir     string   `json:"dir,omitempty"`     // open: where the client may write
	TLS     *TLS     `json:"tls,omitempty"`     // open: speak TLS
	User    *User    `json:"user,omitempty"`    // open: log in

	Service   string     `json:"service,omitempty"`
	Clusters  []string   `json:"clusters,omitempty"`  // query, subscribe, unsubscribe: only these; none means all
	Healthy   bool       `json:"healthy,omitempty"`   // query: only what is healthy
	Instances []Instance `json:"instances,omitempty"` // register, deregister: one; batch: all
}

// TLS has the files with which a client speaks TLS, in PEM.
type TLS struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"` // the client's own
	Key  string `json:"key"`

	Mutual bool `json:"mutual,omitempty"` // members ask for that; else it is for clients that insist on one
}

// User is who logs in.
type User struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// Answer is one line of a driver.
type Answer struct {
	Pushed    bool       `json:"pushed,omitempty"` // no answer, but what a subscription delivers
	Service   string     `json:"service,omitempty"`
	Clusters  []string   `json:"clusters,omitempty"`
	Instances []Instance `json:"instances,omitempty"` // pushed, or found by a query

	Error  string `json:"error,omitempty"`  // what the client says went wrong
	Absent bool   `json:"absent,omitempty"` // the client offers no such operation
}

// Instance is what drivers register and list.
type Instance struct {
	IP       string            `json:"ip"`
	Port     int               `json:"port"`
	Weight   float64           `json:"weight"`
	Healthy  bool              `json:"healthy"`
	Cluster  string            `json:"cluster,omitempty"` // registering: empty leaves it to the client
	Metadata map[string]string `json:"metadata,omitempty"`
}
