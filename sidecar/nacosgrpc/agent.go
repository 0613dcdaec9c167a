package nacosgrpc

import "github.com/distro-naming/naming-operator/sidecar/naming"

// Agent returns how the program of a client that is connected here names itself,
// or "".
func (s *Server) Agent(c naming.ClientID) string {
	for _, open := range s.open.all() {
		if open.id == c {
			if name := open.agent.Load(); name != nil {
				return *name
			}
		}
	}
	return ""
}
