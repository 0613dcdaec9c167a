package wire

import (
	"encoding/json"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// CatalogServices is a page of services for the console of 1.x and 2.x; count is
// of all.
func CatalogServices(count int, page []Service) []byte {
	return object(struct {
		Count int       `json:"count"`
		List  []summary `json:"serviceList"`
	}{count, summaries(page)})
}

// CatalogDetails is such a page with instances, and without a count.
func CatalogDetails(page []Service) []byte {
	type host struct {
		Valid    bool   `json:"valid"`
		Metadata texts  `json:"metadata"`
		Port     int    `json:"port"`
		IP       string `json:"ip"`
		Weight   double `json:"weight"`
		Enabled  bool   `json:"enabled"`
	}
	type hosts struct {
		Hosts []host `json:"hosts"`
	}
	type service struct {
		Name     string           `json:"serviceName"`
		Group    string           `json:"groupName"`
		Clusters map[string]hosts `json:"clusterMap"`
		Metadata texts            `json:"metadata"`
	}
	out := make([]service, 0, len(page))
	for _, s := range page {
		clusters := map[string]hosts{}
		for _, i := range s.Hosts {
			list := clusters[i.Cluster].Hosts
			clusters[i.Cluster] = hosts{append(list, host{i.Healthy, i.Metadata, i.Port, i.IP, double(i.Weight), i.Enabled})}
		}
		out = append(out, service{s.Key.Name, s.Key.Group, clusters, s.Settings.Metadata})
	}
	return object(out)
}

// CatalogService is one service for the console of 1.x and 2.x.
func CatalogService(s Service) []byte {
	type service struct {
		Name      string   `json:"name"`
		Group     string   `json:"groupName"`
		Threshold double   `json:"protectThreshold"`
		Selector  selector `json:"selector"`
		Metadata  texts    `json:"metadata"`
	}
	type cluster struct {
		Service   string          `json:"serviceName"`
		Name      string          `json:"name"`
		Checker   json.RawMessage `json:"healthChecker"`
		Port      int             `json:"defaultPort"`
		CheckPort int             `json:"defaultCheckPort"`
		UsePort   bool            `json:"useIPPort4Check"`
		Metadata  texts           `json:"metadata"`
	}
	list := []cluster{}
	for _, name := range s.clusters() {
		c, known := s.Settings.Clusters[name]
		if !known {
			c.CheckPort, c.UseInstancePort = 80, true
		}
		list = append(list, cluster{s.Key.Grouped(), name, checker(c), 80, c.CheckPort, c.UseInstancePort, c.Metadata})
	}
	return object(struct {
		Service  service   `json:"service"`
		Clusters []cluster `json:"clusters"`
	}{
		service{s.Key.Name, s.Key.Group, double(s.Settings.ProtectThreshold), selectorOf(s.Settings.Selector), s.Settings.Metadata},
		list,
	})
}

// CatalogInstances is a page of instances for the console; count is of all.
func CatalogInstances(s naming.ServiceKey, count int, page []naming.Instance) []byte {
	return object(struct {
		List  json.RawMessage `json:"list"`
		Count int             `json:"count"`
	}{Instances(s, page), count})
}

// CatalogInstancesV2 is the same in v2.
func CatalogInstancesV2(s naming.ServiceKey, count int, page []naming.Instance) []byte {
	return object(struct {
		List  json.RawMessage `json:"instances"`
		Count int             `json:"count"`
	}{Instances(s, page), count})
}

// Instances is a list of instances.
func Instances(s naming.ServiceKey, list []naming.Instance) []byte {
	grouped, b := s.Grouped(), []byte{'['}
	for n, i := range list {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendInstance(b, i, grouped)
	}
	return append(b, ']')
}

// NamesByNamespace is the answer to which services there are in namespaces. Nacos 2.5 names
// its list by mistake; both names are given.
func NamesByNamespace(of map[string][]string) []byte {
	count := 0
	for _, names := range of {
		count += len(names)
	}
	return object(map[string]any{"META-INF/services": of, "services": of, "count": count})
}

// Matches reports whether the name and group of a service contain these texts, as
// lists are filtered. Nacos takes them for regular expressions.
func Matches(k naming.ServiceKey, group, name string) bool {
	return strings.Contains(k.Group, group) && strings.Contains(k.Name, name)
}

// Page3 is a page of v3: its items are JSON.
func Page3(total, number, size int, items []byte) []byte {
	pages := 0
	if size > 0 {
		pages = (total + size - 1) / size
	}
	return object(struct {
		Total  int             `json:"totalCount"`
		Number int             `json:"pageNumber"`
		Pages  int             `json:"pagesAvailable"`
		Items  json.RawMessage `json:"pageItems"`
	}{total, number, pages, items})
}

// ServiceViews are the items of a page of services in v3.
func ServiceViews(page []Service) []byte { return object(summaries(page)) }

// ServiceDetails are the same with instances.
func ServiceDetails(page []Service) []byte {
	out := make([]json.RawMessage, 0, len(page))
	for _, s := range page {
		out = append(out, ServiceDetailV3(s))
	}
	return object(out)
}
