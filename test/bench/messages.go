package main

import (
	"fmt"
	"strings"

	pb "github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// The messages are what the Java client sends: an instance with three metadata
// entries makes about 420 bytes.

const head = `"headers":{"app":"bench"},"namespace":"public","groupName":"DEFAULT_GROUP","module":"naming",`

func address(host int) string {
	return fmt.Sprintf("10.%d.%d.%d", host>>16&255, host>>8&255, host&255)
}

func instance(host, port int, sequence string) string {
	return fmt.Sprintf(`{"ip":%q,"port":%d,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,`+
		`"clusterName":"DEFAULT","serviceName":"","metadata":{"preserved.register.source":"SPRING_CLOUD",`+
		`"version":"1.24.3-release","sequence":%q}}`, address(host), port, sequence)
}

func register(service string, host int, sequence string) *pb.Payload {
	return payload("InstanceRequest", fmt.Sprintf(`{%s"serviceName":%q,"type":"registerInstance","instance":%s}`,
		head, service, instance(host, 8080, sequence)))
}

func registerBatch(service string, host, n int) *pb.Payload {
	list := make([]string, n)
	for i := range list {
		list[i] = instance(host, 8000+i, "batch")
	}
	return payload("BatchInstanceRequest", fmt.Sprintf(`{%s"serviceName":%q,"type":"batchRegisterInstance","instances":[%s]}`,
		head, service, strings.Join(list, ",")))
}

func query(service string) *pb.Payload {
	return payload("ServiceQueryRequest", fmt.Sprintf(`{%s"serviceName":%q,"cluster":"","healthyOnly":false,"udpPort":0}`,
		head, service))
}

func subscribe(service string) *pb.Payload {
	return payload("SubscribeServiceRequest", fmt.Sprintf(`{%s"serviceName":%q,"clusters":"","subscribe":true}`,
		head, service))
}
