package survey

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// Instance is what the members together say of one.
type Instance struct {
	admin.Instance          // as most say; of equally many the first
	Listed         []string `json:"listed"`            // members that list it
	Missing        []string `json:"missing,omitempty"` // members that answered and do not
	Differs        []string `json:"differs,omitempty"` // members that list it otherwise
}

// Instances joins what members list, in order of address.
func Instances(said []Said[[]admin.Instance]) []Instance {
	type endpoint struct {
		ip, cluster string
		port        int
	}
	found := map[endpoint]map[string]admin.Instance{} // by member
	for _, one := range said {
		for _, i := range one.Value {
			e := endpoint{i.IP, i.Cluster, i.Port}
			if found[e] == nil {
				found[e] = map[string]admin.Instance{}
			}
			found[e][one.Member] = i
		}
	}
	out := []Instance{}
	for _, versions := range found {
		line := Instance{Instance: usual(said, versions), Listed: []string{}}
		for _, one := range said {
			i, listed := versions[one.Member]
			switch {
			case !listed:
				line.Missing = append(line.Missing, one.Member)
				continue
			case !same(i, line.Instance):
				line.Differs = append(line.Differs, one.Member)
			}
			line.Listed = append(line.Listed, one.Member)
		}
		out = append(out, line)
	}
	slices.SortFunc(out, func(a, b Instance) int {
		return cmp.Or(cmp.Compare(a.IP, b.IP), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Cluster, b.Cluster))
	})
	return out
}

// usual returns the version that most members have.
func usual(said []Said[[]admin.Instance], versions map[string]admin.Instance) admin.Instance {
	var best admin.Instance
	most := 0
	for _, one := range said {
		candidate, listed := versions[one.Member]
		if !listed {
			continue
		}
		n := 0
		for _, v := range versions {
			if same(v, candidate) {
				n++
			}
		}
		if n > most {
			best, most = candidate, n
		}
	}
	return best
}

// same reports whether both say the same to clients, of the same registration.
// Members may differ in who they think owns it, and for a moment in the stamp.
func same(a, b admin.Instance) bool {
	a.Owner, b.Owner, a.Stamp, b.Stamp, a.Since, b.Since = "", "", admin.Stamp{}, admin.Stamp{}, nil, nil
	if len(a.Metadata) == 0 && len(b.Metadata) == 0 {
		a.Metadata, b.Metadata = nil, nil
	}
	return reflect.DeepEqual(a, b)
}
