package nacosgrpc

// behaviour is something that is done otherwise than in Nacos, beside what the
// answers to recorded requests show.
type behaviour struct{ what, java, here, why, test string }

var inDistro = []behaviour{
	{
		"Revision of a client that lives by beats",
		"a hash of the content at the last registration; health flips and expiry keep it",
		"the same hash, but always of the present content",
		"A peer that missed a flip then differs when it is verified. Equal content has the number that Java gives it, on every member.",
		"TestRevisionsAreThoseThatJavaComputed",
	},
	{
		"Revision of a connection", "a counter from 0", "31 bits of the version, a hybrid time; never 0",
		"It is only compared, and it also differs after a restart. Order comes from the version, which travels beside it.",
		"TestOnlyClientsThatBeatGetTheRevisionOfTheirContent",
	},
	{
		"An older CHANGE that comes late", "overwrites the newer one", "is refused between our members",
		"Stamps are ordered. Of a Java server's the last that came is believed.", "TestOffered",
	},
	{
		"CHANGE, and the lease of a replica", "only a VERIFY renews it", "both do",
		"Living clients whose verification fails for long would be dropped.", "TestTrapsOfJavaPeers",
	},
	{
		"CHANGE or DELETE of a client that is connected here, or that another member holds", "is carried out", "is refused",
		"Only its owner knows about it.", "TestTrapsOfJavaPeers",
	},
	{
		"A replica whose owner is gone", "is listed for 180 s", "for 15 to 180 s, by what is known of the owner",
		"See [how replication works](../explanation/distro.md#when-is-a-client-gone).", "TestAReplicaIsGivenUp",
	},
	{
		"SNAPSHOT while loading", "a success with what there is, often nothing", "a typed 500; our own members are told that it is part",
		"A booting Java server takes the first success for all there is.", "TestSnapshotWhileLoadingIsForOursOnly",
	},
	{
		"SNAPSHOT that is larger than 10 MiB", "is sent, cannot be read, and is asked for again for ever",
		"ends below the limit; our own clients that were left out follow at once as CHANGE, others' when their owners verify, within seconds",
		"Who cannot load never verifies, and its clients expire everywhere. Records of other owners are not sent as changes: they could undo what their owner sends.",
		"TestJavaServerIsGivenWhatItCanRead",
	},
	{
		"SNAPSHOT to a Java server that starts", "everything", "without the connections that it held before",
		"They have ended with it, and it would list them for 180 s.", "TestJavaServerThatStartsIsNotGivenItsFormerConnections",
	},
	{
		"Load at the start", "from the first member that answers", "from all, merged", "The first may know little.", "TestLoadedWhenEveryListedPeerHasAnswered",
	},
	{
		"Members of a record that nobody knows", "ignored, not given on", "ignored, not given on; neither is `lastHeartBeatTime`",
		"A record is written from what was understood of it.", "TestMembersNobodyKnowsAreNotGivenOn",
	},
	{
		"Values in `extendDatum` that are no text", "kept as they are, shown as text", "kept as the text that Java shows; a weight is always a double",
		"A weight without a decimal point, passed on, would freeze the service on every Java server.", "TestOddValuesBecomeTheTextThatJavaShows",
	},
	{
		"null in metadata", "a null in every answer", "as good as absent", "Strict readers refuse a null.", "TestMetadataHasTwoForms",
	},
	{
		"An operation that its inner type contradicts", "the inner one is carried out", "is refused", "Nobody sends it who means well.", "TestOperationsSaidTwiceMustAgree",
	},
	{
		"200 with an error code, as the answer to CHANGE", "is taken for delivered", "is a failure and tried again",
		"It is how Java says that nothing was applied.", "TestAnswersOfPeersAreReadAsTheProtocolNeeds",
	},
}

var inMembership = []behaviour{
	{
		"MemberReport that ends in an error of gRPC, an ErrorResponse or without a node", "is not counted", "is a failure like any other",
		"A member that hangs would stay UP.", "TestReportsThatPeersAnswerOtherwiseAreFailures",
	},
	{
		"A report from a member that is DOWN", "makes it UP", "is noted; UP is who answers",
		"That it reaches us does not show that we reach it.", "TestStateOfAPeer",
	},
	{
		"302 as the answer to a report", "HTTP and gRPC take turns", "HTTP for as long as the connection lasts",
		"The server does not learn the request without a restart.", "TestPeerThatKnowsNoReportIsReportedToOverHTTP",
	},
	{
		"Server identity", "3.x asks for it once all members are of 3.x", "asked for as soon as it is set, before anything is read",
		"Security must not depend on what others say of themselves.", "TestMembersPortAsksForTheIdentity",
	},
	{
		"ServerReload", "moves clients at the next look, within 3 s; they are gone until they register elsewhere",
		"moves them at once, to listed members only, and keeps them listed meanwhile",
		"A planned move must not show. A target outside the list would lead clients astray.", "TestReloadSendsTheSurplusAway",
	},
	{
		"A stream that ends", "leaves the client until its connection ends or 20 s have passed", "ends the client",
		"Nothing can be pushed to it any more.", "TestEndOfTheStreamIsTheEndOfTheClient",
	},
	{
		"Numbers and booleans given as text, fractions for whole numbers", "are read as what they may mean", "are refused, with the member named",
		"A port of 80.7 is nobody's intention.", "TestMembersOfAWrongTypeAreNamed",
	},
}

var inWatching = []behaviour{
	{
		"A service that went while a client was away", "is told in a synchronisation, where Java clients pass it over", "is told as a change",
		"A client would believe for ever that it is there.", "TestWhoComesBackIsToldTheDifference",
	},
	{
		"All that matches", "in parts of 10 after 1 s, and 0.5 s later that this was all", "in parts of 100, at once", "Nothing is gained by waiting.",
		"TestManyServicesAreToldInParts",
	},
	{
		"Limits", "20 patterns in all, 500 services of each", "20 patterns of each connection, 1,000 different ones in all, 10,000 services of each",
		"One client's patterns take nothing from another's.", "TestLimitsOfWatching",
	},
	{
		"More services than may be told", "what goes is not told any more", "what goes is told, and makes room", "It is known exactly what a client was told.",
		"TestLimitsOfWatching",
	},
	{
		"A service that matches two patterns of a client", "is told once", "is told for each", "A client that knows it passes it over.", "TestEveryPatternIsTold",
	},
}

var inRequests = []behaviour{
	{
		"Deregistering with a faulty instance", "is refused", "is done: nothing of the instance is looked at",
		"What was registered must not stay for the way in which it is withdrawn.", "TestDeregistrationLooksAtNothingOfTheInstance",
	},
	{
		"An unknown `preserved.instance.id.generator`", "`ErrorResponse` 500/500", "a refusal of the request's own kind, 500/400", "A user can cause it.",
		"TestBadInputIsRefusedAndChangesNothing",
	},
	{
		"Numbers of snowflake ids", "the worker is the last 10 bits of the server's IP address; a used-up millisecond is waited for",
		"10 bits of a hash of the member's name; the next millisecond's are taken",
		"Members of different networks share the last bits of addresses.", "TestSnowflakesRiseWhateverTheClockDoes",
	},
	{
		"Lengths of names and metadata", "in units of UTF-16", "in characters", "Only characters beyond the common ones differ, and count one instead of two.",
		"TestInstancesThatCannotBeRegistered",
	},
}
