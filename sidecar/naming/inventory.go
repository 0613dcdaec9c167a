package naming

import "github.com/distro-naming/naming-operator/sidecar/member"

// Holding is what is held of one owner, for who compares members: equal digests
// of an owner at two members mean that both hold the same of it.
type Holding struct {
	Owner   member.Address // the member that confirms these clients; empty when nobody is known to
	Clients int            // records, those included that publish nothing any more
	Digest  string         // 32 hex digits
	Buckets []string       // the same of each part into which the clients are divided by their ids
}

// Held is a record with the stamp that replication keeps of it.
type Held struct {
	Stamp  Stamp
	Record *Record // shared: do not modify it
}

// Listed is an instance of an answer, and whose it is.
type Listed struct {
	Instance
	Client ClientID
	Owner  member.Address // that may change it; empty when nobody is known to
	Stamp  Stamp          // of the client's last write, in whatever service
	Since  int64          // when it was registered, Unix milliseconds; 0 when unknown
}

// Listed returns what Hosts returns, each with whose it is, but for the owner.
func (g *Registry) Listed(s ServiceKey) []Listed {
	hosts, contests := g.Hosts(s)
	type claim struct {
		Endpoint
		client ClientID
	}
	lost := make(map[claim]bool, len(contests))
	for _, c := range contests {
		lost[claim{c.Endpoint, c.Lost}] = true
	}
	whose := make(map[Endpoint]*Record, len(hosts))
	for r := range g.In(s) {
		for _, i := range r.Find(s).Instances {
			if e := i.Endpoint(); !lost[claim{e, r.Client}] {
				whose[e] = r
			}
		}
	}
	out := make([]Listed, 0, len(hosts))
	for _, h := range hosts {
		line := Listed{Instance: h}
		if r := whose[h.Endpoint()]; r != nil {
			line.Client, line.Stamp, line.Since = r.Client, r.Stamp, age(r.Find(s).Since, r.Client)
		}
		out = append(out, line)
	}
	return out
}
