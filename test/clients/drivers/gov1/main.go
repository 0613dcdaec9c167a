// Command gov1 drives the official Go client of Nacos 1, nacos-sdk-go: HTTP,
// beats, and pushes over UDP.
package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/nacos-group/nacos-sdk-go/clients"
	"github.com/nacos-group/nacos-sdk-go/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/common/constant"
	"github.com/nacos-group/nacos-sdk-go/model"
	"github.com/nacos-group/nacos-sdk-go/vo"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
)

func main() {
	if err := line.Serve(&client{watched: map[string]*vo.SubscribeParam{}}, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gov1:", err)
		os.Exit(1)
	}
}

type client struct {
	naming  naming_client.INamingClient
	watched map[string]*vo.SubscribeParam // the client knows a subscription by its callback
}

func (c *client) Open(r line.Request) (err error) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https" // it has no setting for authorities; the test gives Go one by SSL_CERT_FILE
	}
	if r.TLS != nil && r.TLS.Mutual {
		if err := showCertificate(*r.TLS); err != nil {
			return err
		}
	}
	var list []constant.ServerConfig
	for _, address := range r.Servers {
		host, port, err := line.Split(address)
		if err != nil {
			return err
		}
		list = append(list, *constant.NewServerConfig(host, port, constant.WithScheme(scheme)))
	}
	options := []constant.ClientOption{
		constant.WithNotLoadCacheAtStart(true),
		constant.WithUpdateCacheWhenEmpty(true), // else the removal of the last instance is hidden
		constant.WithLogDir(filepath.Join(r.Dir, "log")), constant.WithCacheDir(filepath.Join(r.Dir, "cache")),
	}
	if r.User != nil {
		options = append(options, constant.WithUsername(r.User.Name), constant.WithPassword(r.User.Password))
	}
	c.naming, err = clients.NewNamingClient(vo.NacosClientParam{
		ClientConfig: constant.NewClientConfig(options...), ServerConfigs: list,
	})
	return err
}

// showCertificate gives all calls of this program a certificate: the client has no
// setting for one, and calls by what the program has made its default.
func showCertificate(secure line.TLS) error {
	pair, err := tls.LoadX509KeyPair(secure.Cert, secure.Key)
	if err != nil {
		return err
	}
	calls := http.DefaultTransport.(*http.Transport).Clone()
	calls.TLSClientConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	http.DefaultTransport = calls
	return nil
}

func (c *client) Register(service string, i line.Instance) error {
	return line.Refused(c.naming.RegisterInstance(vo.RegisterInstanceParam{
		ServiceName: service, Ip: i.IP, Port: uint64(i.Port),
		Weight: i.Weight, ClusterName: i.Cluster, Metadata: i.Metadata,
		Enable: true, Healthy: true, Ephemeral: true,
	}))
}

func (c *client) RegisterAll(string, []line.Instance) error { return line.ErrAbsent }

func (c *client) Deregister(service string, i line.Instance) error {
	return line.Refused(c.naming.DeregisterInstance(vo.DeregisterInstanceParam{
		ServiceName: service, Ip: i.IP, Port: uint64(i.Port), Cluster: i.Cluster, Ephemeral: true,
	}))
}

func (c *client) Query(service string, clusters []string, healthy bool) ([]line.Instance, error) {
	var (
		hosts []model.Instance
		err   error
	)
	if healthy {
		hosts, err = c.naming.SelectInstances(vo.SelectInstancesParam{ServiceName: service, Clusters: clusters, HealthyOnly: true})
	} else {
		hosts, err = c.naming.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service, Clusters: clusters})
	}
	var out []line.Instance
	for _, h := range hosts {
		out = append(out, line.Instance{
			IP: h.Ip, Port: int(h.Port), Weight: h.Weight, Healthy: h.Healthy,
			Cluster: h.ClusterName, Metadata: h.Metadata,
		})
	}
	return out, err
}

func (c *client) Subscribe(service string, clusters []string, deliver func([]line.Instance)) error {
	p := &vo.SubscribeParam{
		ServiceName: service, Clusters: clusters,
		SubscribeCallback: func(hosts []model.SubscribeService, _ error) { // an empty list comes with an error
			var out []line.Instance
			for _, h := range hosts {
				out = append(out, line.Instance{
					IP: h.Ip, Port: int(h.Port), Weight: h.Weight, Healthy: h.Healthy,
					Cluster: h.ClusterName, Metadata: h.Metadata,
				})
			}
			deliver(out)
		},
	}
	c.watched[fmt.Sprint(service, clusters)] = p
	return c.naming.Subscribe(p)
}

func (c *client) Unsubscribe(service string, clusters []string) error {
	return c.naming.Unsubscribe(c.watched[fmt.Sprint(service, clusters)])
}

func (c *client) Close() error { return line.ErrAbsent }
