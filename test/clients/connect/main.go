// Command connect is the smallest application: it registers itself, and says
// who else is there, until it is interrupted.
//
//	connect HOST PORT OWN-IP
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "connect:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("got %d arguments, want HOST PORT OWN-IP", len(args))
	}
	host, ip := args[0], args[2]
	port, err := strconv.ParseUint(args[1], 10, 16)
	if err != nil {
		return fmt.Errorf("port: %w", err)
	}
	dir, err := os.MkdirTemp("", "connect-")
	if err != nil {
		return fmt.Errorf("make a directory for the SDK: %w", err)
	}
	defer os.RemoveAll(dir)

	client, err := clients.NewNamingClient(vo.NacosClientParam{
		ClientConfig:  &constant.ClientConfig{NamespaceId: "public", NotLoadCacheAtStart: true, LogDir: dir, CacheDir: dir},
		ServerConfigs: []constant.ServerConfig{*constant.NewServerConfig(host, port)},
	})
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer client.CloseClient() // and with it goes the registration

	ok, err := client.RegisterInstance(vo.RegisterInstanceParam{
		ServiceName: "greeter", Ip: ip, Port: 8080, Weight: 1, Enable: true, Healthy: true, Ephemeral: true,
	})
	if err != nil || !ok {
		return fmt.Errorf("register: %w", err)
	}
	err = client.Subscribe(&vo.SubscribeParam{
		ServiceName: "greeter",
		SubscribeCallback: func(instances []model.Instance, err error) {
			for _, i := range instances {
				fmt.Println("greeter is at", i.Ip, i.Port)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, os.Interrupt, syscall.SIGTERM)
	<-stopped
	return nil
}
