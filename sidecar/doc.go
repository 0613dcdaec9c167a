// Package sidecar puts a member together: it reads the configuration, builds
// the parts under sidecar/, connects them, starts them in order and stops them
// in reverse. It is the only package that knows all of them.
//
//	member, naming, report    leaves: addresses, the domain, what a member says of itself
//	distro                    pure core: what to send to whom, and when
//	settings                  pure core: what is said of services and instances by others
//	wire                      Nacos formats, bytes to domain and back
//	frame                     the same for what our own members tell each other
//	replica, push             shells: the goroutine that owns the state; deliveries
//	stream                    shell: the conversation of two of our own members
//	limits, turnstile, meter  what is too much; connections and bytes, counted
//	accord                    shell: keeps the settings of all members alike
//	membership                the member list, name look-ups, the state of peers
//	nacosgrpc, nacoshttp      Nacos's ports: p (HTTP), p+1000 (SDK), p+1001 (cluster)
//	auth, gate                who may do what; users, rights and keys from files
//	tlsfiles, secure          certificates and policies from files; connections made by them
//	mounted                   files as Kubernetes mounts them
//	nacosudp                  pushes to clients of the 1.x protocol
//	nacosv1, route            members of Nacos 1.x; HTTP clients that find members
//	admin, metrics, console   for those who look after a member
//
// It needs no access to the Kubernetes API.
package sidecar
