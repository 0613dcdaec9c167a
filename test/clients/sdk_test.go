package clients

import (
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
)

const service = "greeter"

func TestRegistrationReachesEveryMember(t *testing.T) {
	c := startCluster(t)
	publisher := connect(t, c.Members[0])
	readers := []*sdk.Client{connect(t, c.Members[1]), connect(t, c.Members[2]), publisher}
	one := instances(1000, 1)[0]

	must(t, publisher.Register(service, one))
	requireListed(t, readers, service, one.Endpoint())

	for _, r := range readers {
		eventually(t, r.Member+" lists the service", func() error {
			names, err := r.Services()
			if err == nil && !slices.Contains(names, service) {
				err = missing(service, names)
			}
			return err
		})
	}

	must(t, publisher.Deregister(service, one))
	requireListed(t, readers, service)
}

func TestSubscriberOnAnotherMemberIsPushedEveryChange(t *testing.T) {
	c := startCluster(t)
	publisher, subscriber := connect(t, c.Members[0]), connect(t, c.Members[2])
	lists, err := subscriber.Watch(service)
	must(t, err)
	one := instances(1000, 1)[0]
	changed := one
	changed.Weight, changed.Metadata = 2.5, map[string]string{"zone": "b"}

	must(t, publisher.Register(service, one))
	awaitPush(t, lists, "the registration", func(l []sdk.Instance) bool { return len(l) == 1 })

	must(t, publisher.Register(service, changed))
	awaitPush(t, lists, "new weight and metadata", func(l []sdk.Instance) bool {
		return len(l) == 1 && l[0].Weight == 2.5 && l[0].Metadata["zone"] == "b"
	})

	must(t, publisher.Deregister(service, one))
	awaitPush(t, lists, "the removal", func(l []sdk.Instance) bool { return len(l) == 0 })
}

func TestBatchRegistrationReplacesTheWholeList(t *testing.T) {
	c := startCluster(t)
	publisher, reader := connect(t, c.Members[1]), connect(t, c.Members[0])

	must(t, publisher.RegisterAll(service, instances(1000, 5)))
	requireListed(t, []*sdk.Client{reader}, service, sdk.Endpoints(instances(1000, 5))...)

	must(t, publisher.RegisterAll(service, instances(1003, 2)))
	requireListed(t, []*sdk.Client{reader}, service, sdk.Endpoints(instances(1003, 2))...)
}

func TestClosingAClientRemovesWhatItPublished(t *testing.T) {
	c := startCluster(t)
	leaving, staying := connect(t, c.Members[0]), connect(t, c.Members[0])
	readers := []*sdk.Client{connect(t, c.Members[1]), connect(t, c.Members[2]), staying}
	first, second := instances(1000, 1)[0], instances(2000, 1)[0]
	must(t, leaving.Register(service, first))
	must(t, staying.Register(service, second))
	requireListed(t, readers, service, first.Endpoint(), second.Endpoint())

	leaving.Close()
	requireListed(t, readers, service, second.Endpoint())
}

func TestSameEndpointFromTwoClientsIsListedOnce(t *testing.T) {
	c := startCluster(t)
	older, newer := connect(t, c.Members[0]), connect(t, c.Members[1])
	reader := connect(t, c.Members[2])
	one := instances(1000, 1)[0]
	again := one
	again.Metadata = map[string]string{"version": "2"}

	must(t, older.Register(service, one))
	requireListed(t, []*sdk.Client{reader}, service, one.Endpoint())
	must(t, newer.Register(service, again))

	eventually(t, "the newer registration is shown", func() error {
		list, err := reader.List(service)
		if err == nil && (len(list) != 1 || list[0].Metadata["version"] != "2") {
			err = missing("version 2", list)
		}
		return err
	})
}
