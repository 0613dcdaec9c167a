package nacosgrpc

import (
	"net"
	"time"
)

// Renew connects anew to the peers whose connection unfit gives a reason for. It
// is used until there is another, but no longer than grace. Renew returns at once.
func (p *Peers) Renew(unfit func(net.Conn) error, grace time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for a, l := range p.links {
		conn := l.conn.Load()
		if conn == nil {
			continue
		}
		reason := unfit(*conn)
		if reason == nil {
			continue
		}
		p.cfg.Log.Info("connection to a peer is made anew", "peer", a, "reason", reason.Error())
		select {
		case l.renewed <- *conn:
		default: // it is asked for already
		}
		time.AfterFunc(grace, func() { _ = (*conn).Close() }) // long closed, if all went well
	}
}
