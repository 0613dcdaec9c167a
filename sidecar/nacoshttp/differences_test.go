package nacoshttp

// The tables of all that is deliberately otherwise than in Nacos over HTTP. The
// page in docs/reference is written from them.

// difference is an answer of ours in place of one that Java was recorded to give.
type difference struct {
	status int
	says   string // a part of the body
	reason string
}

// Why an answer is another than Java's.
const (
	persistent = "Persistent instances are not kept; the answer says so and what to do."
	noneKept   = "Nothing persistent was registered."
	others     = "Other services and clients were there when it was recorded."
	oldMembers = "Members of Nacos 1.x replicate by it, and those of 2.0 and 2.1 ask for it; Nacos 2.2 and later no longer know it."
	noConsole  = "There is no console on this port: each pod has one of its own on port 8081."
	loggedIn   = "Nobody is asked who he is. Clients that are given a name log in before all else, and go on."
	wellTimed  = "No beat was missed between the calls, as some were when it was recorded."
	unchanged  = "Java says ok and changes nothing. Here the answer says that nothing was changed."
	noRaft     = "There is no Raft here."
	cut        = "What a server of naming says of itself. Settings of configuration and Raft, which are not here, are left out."
	is25       = "The member claims to be of 2.5.1, and answers as that does."
)

const refusedText = "persistent instances are not supported"

// different are the answers to recorded calls that are meant to be others. A name
// may begin with the version that was recorded.
var different = map[string]difference{
	"v1 persistent on ephemeral service":                            {400, refusedText, persistent},
	"v1 persistent register":                                        {400, refusedText, persistent},
	"v1 ephemeral on persistent service":                            {200, "ok", noneKept},
	"v1 persistent list":                                            {200, `"hosts":[`, noneKept},
	"capture: go client: persistent POST /v1/ns/instance":           {400, refusedText, persistent},
	"capture: node client: persistent POST /v1/ns/instance":         {400, refusedText, persistent},
	"capture: forwarded by server: persistent POST /v1/ns/instance": {400, refusedText, persistent},

	"v1 beat bad beat json":            {500, "beat is not a JSON object", "Java names its classes."},
	"v1 instance update unknown":       {400, "instance not exist", unchanged},
	"v1 instance list after update":    {200, `"weight":`, wellTimed},
	"v1 service list":                  {200, `"doms":[`, others},
	"v2 service list":                  {200, `"services":[`, others},
	"v2 client list":                   {200, `"10.6.1.1:8101#true"`, others},
	"v3 admin client list":             {200, `"10.7.1.1:8201#true"`, others},
	"v1 service delete with instances": {400, "is not empty, can't be delete", wellTimed},

	"v3 admin instance list": {200, `"ip":"10.5.1.3","port":8003`, others},

	"v1 operator switches": {200, `"lightBeatEnabled":true`, "The same; the recording is cut off."},
	"v1 operator servers":  {200, `{"servers":[`, "Nacos 1.x has it, and tools of that time ask for it."},
	"server state":         {200, `"version":"2.5.1"`, cut},
	"v3 admin state":       {200, `"version":"2.5.1"`, cut},
	"console state":        {200, `"version":"2.5.1"`, cut},
	"root":                 {404, "No message available", noConsole},
	"v1 login":             {200, `"accessToken":"AUTH_DISABLED"`, loggedIn},
	"v1 login v1 users":    {200, `"accessToken":"AUTH_DISABLED"`, loggedIn},

	"v1 distro PUT datum":                                          {200, "ok", oldMembers},
	"v1 distro PUT datum empty":                                    {400, "receive empty entity!", oldMembers},
	"v1 distro PUT checksum?source=127.0.0.1:1":                    {200, "ok", oldMembers},
	"v1 distro GET datums":                                         {200, "", oldMembers},
	"v1 distro GET datum":                                          {400, "not a JSON object", oldMembers + " They list keys as text."},
	"2.5.1 v3 client register":                                     {200, `"code":0`, "The API of 3.x is served beside those of 1.x and 2.x."},
	"3.0.3 v1 unknown path other":                                  {404, "No message available", is25},
	"3.0.3 unknown path outside":                                   {404, "No message available", is25},
	"3.0.3 v1 ops loader current":                                  {404, "No message available", is25},
	"3.0.3 v1 ops loader cluster":                                  {404, "No message available", is25},
	"3.0.3 v3 unknown":                                             {404, "No message available", is25},
	"3.0.3 actuator prometheus":                                    {404, "No message available", is25},
	"v1 core cluster report unlisted member":                       {200, `"code":200`, noRaft},
	"capture: member report by http: POST /v1/core/cluster/report": {200, `"code":200`, noRaft},
}

// onlyShape are calls of which the values of answers are those of the moment.
var onlyShape = map[string]struct{}{
	"v1 catalog services": {}, "v1 operator metrics full": {}, "v1 core cluster nodes": {}, "v1 core cluster self": {},
	"v2 core cluster nodes": {}, "v2 core cluster self": {}, "namespaces": {}, "v2 namespaces": {}, "v3 namespace list": {},
	"v3 admin core nodes": {}, "v3 admin core self": {}, "console nodes": {}, "v3 admin service list": {},
}

// members are those of recorded answers that ours lack, or have in addition.
var members = map[string]string{
	"allIPs":          "3.x spells it `allIps`. Readers of one spelling take the other for absent, which means the same: false.",
	"allIps":          "Spelled `allIPs`, as 2.x does.",
	"raftMetaData":    noRaft,
	"lastRefreshTime": "It is the time of a report. Members are told apart by what they say, not when.",
	"instanceId":      "Nacos 2.x leaves it out of what was registered by v2; here every instance has one.",
}

// deliberate is what differs where nothing was recorded: what, in Nacos, here, why.
// Tests of this package show each.
var deliberate = [][]string{
	{"Registrations by v2 and v3", "stay at the member that they reach, and are not replicated", "go to the owner of the client, as those of v1", "A load balancer in front of the members would lose them."},
	{"A write while the owner is out of reach", "500 after 2 s", "is taken by the member that it reached", "The owner is asked again by the next beat."},
	{"UDP push", "to the address that `clientIP` names, for 10 s after a question", "to the address that the question comes from, for 90 s", "Whoever can name an address could have others flooded, and a client beside the member asks from localhost; clients of empty services ask every 60 s."},
	{"A push that is not acknowledged", "is sent twice", "is sent twice, and again with the newest, ever more seldom, while the client asks", "A change must not wait for the next question."},
	{"An update, PUT `/instance`", "1.x changes the registration; 2.x keeps what is set apart from it, and puts it over", "as 2.x", "A client that registers anew does not undo it."},
	{"What is set of instances and services", "is kept by Raft, on disk", "is kept in memory by every member; the last write wins, on all", "No leader has to be there. It is lost when all members stop at once."},
	{"Metadata that is set where nothing else was", "sets weight 1 and enabled as well", "leaves what is registered", "Who sets a key does not mean to enable what its client has disabled."},
	{"Settings of a service without instances", "end after two to three minutes", "end after a day", "A service that sleeps at night keeps its threshold."},
	{"Health that is set of an ephemeral instance", "changes nothing", "is put over what its client says, until both are the same", "The answer is ok, so it is done."},
	{"Switches", "are the same at all members, `debug=true` sets one", "`debug=true` only; 501 without it", "Switches that differ by accident are worse than none. `pushEnabled`, `lightBeatEnabled` and `clientBeatInterval` have an effect; others are shown with Nacos's defaults and passed over."},
	{"Filters of lists by name", "are regular expressions", "are texts that are contained", "Anybody can send an expression that takes for ever."},
	{"Lists of services", "in the order of a hash map", "sorted", "Pages of a list without an order overlap."},
	{"Readiness in v2 and v3", "200 with a code in the body", "503 with a code in the body", "Probes and load balancers look at the status."},
	{"`operator/metrics`", "`cpu`, `load`, `mem` of the machine", "-1", "They are on the admin port, for the container."},
	{"Namespaces", "are made and named by an API", "exist while there are services in them; 501 for changes", "Naming takes any name in Nacos too."},
	{"Names of labels of Prometheus", "dots and dashes of metadata become `_`", "whatever a label may not have becomes `_`", "One such name, and Prometheus refuses the whole list."},
	{"The configuration API", "keeps configurations", "answers as by a server that holds none; publishing is 501", "This is naming only. Programs that use one client for both go on."},
	{"Login", "checks a password", "checks it where [auth](../how-to/auth.md) is on; else lets everybody in with the token `AUTH_DISABLED`", "It is what Nacos gives where nobody is asked."},
}
