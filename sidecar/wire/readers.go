package wire

// Truths are shared by all instances that say them.
var yes, no = true, false

func (r *reader) truth() *bool {
	if r.boolean() {
		return &yes
	}
	return &no
}

// Shared by all instances that say them.
var (
	defaultCluster = "DEFAULT"
	one            = 1.0
)

func (r *reader) weight() *float64 {
	weight := r.double()
	if weight == one {
		return &one
	}
	own := weight
	return &own
}

func (r *reader) cluster() *string {
	name := r.word()
	if name == defaultCluster {
		return &defaultCluster
	}
	own := name
	return &own
}

// The members that the readers below know, in the order of their cases.
var (
	instanceMembers = []string{
		"instanceId", "ip", "port", "weight", "healthy", "enabled", "ephemeral", "clusterName", "serviceName", "metadata",
	}
	nameMembers   = []string{"namespace", "serviceName", "groupName"}
	changeMembers = append(nameMembers[:3:3], "type", "instance")
	batchMembers  = append(nameMembers[:3:3], "type", "instances")
	queryMembers  = append(nameMembers[:3:3], "cluster", "healthyOnly", "udpPort")
)

func (i *Instance) read(r *reader) {
	r.members(instanceMembers, func(member int) {
		switch member {
		case 0:
			i.InstanceID = r.string()
		case 1:
			i.IP = r.string()
		case 2:
			i.Port = r.integer()
		case 3:
			i.Weight = r.weight()
		case 4:
			i.Healthy = r.truth()
		case 5:
			i.Enabled = r.truth()
		case 6:
			i.Ephemeral = r.truth()
		case 7:
			i.ClusterName = r.cluster()
		case 8:
			i.ServiceName = r.string()
		case 9:
			i.Metadata = r.texts()
		}
	})
}

// read reads the value of one of nameMembers.
func (n *Names) read(r *reader, member int) {
	switch member {
	case 0:
		n.Namespace = r.word()
	case 1:
		n.ServiceName = r.string()
	case 2:
		n.GroupName = r.word()
	}
}

func (c *InstanceChange) read(r *reader) {
	r.members(changeMembers, func(member int) {
		switch member {
		case 3:
			c.Type = r.word()
		case 4:
			c.Instance.read(r)
		default:
			c.Names.read(r, member)
		}
	})
}

func (c *BatchChange) read(r *reader) {
	r.members(batchMembers, func(member int) {
		switch member {
		case 3:
			c.Type = r.word()
		case 4:
			c.Instances = []Instance{}
			r.array(func() {
				c.Instances = append(c.Instances, Instance{})
				c.Instances[len(c.Instances)-1].read(r)
			})
		default:
			c.Names.read(r, member)
		}
	})
}

func (q *Query) read(r *reader) {
	r.members(queryMembers, func(member int) {
		switch member {
		case 3:
			q.Cluster = r.string()
		case 4:
			q.HealthyOnly = r.boolean()
		case 5:
			q.UDPPort = r.integer()
		default:
			q.Names.read(r, member)
		}
	})
}
