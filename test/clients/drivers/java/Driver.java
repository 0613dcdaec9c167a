import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.EventListener;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** Drives nacos-client, the official client in Java: gRPC. What is said is in ../line/line.go. */
public final class Driver {

    private static final String GROUP = "DEFAULT_GROUP";

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Shown(String ip, int port, double weight, boolean healthy, String cluster, Map<String, String> metadata) {
        static List<Shown> of(List<Instance> hosts) {
            return hosts.stream().map(h -> new Shown(h.getIp(), h.getPort(), h.getWeight(), h.isHealthy(),
                h.getClusterName(), h.getMetadata())).toList();
        }

        Instance asked() {
            Instance i = new Instance();
            i.setIp(ip);
            i.setPort(port);
            i.setWeight(weight);
            if (cluster != null) {
                i.setClusterName(cluster);
            }
            if (metadata != null) {
                i.setMetadata(metadata);
            }
            return i;
        }
    }

    record Secure(String ca, String cert, String key, boolean mutual) {}

    record User(String name, String password) {}

    record Request(String op, List<String> servers, String dir, Secure tls, User user, String service,
        List<String> clusters, boolean healthy, List<Shown> instances) {
        Request {
            clusters = clusters == null ? List.of() : clusters;
        }

        Instance first() {
            return instances.get(0).asked();
        }

        List<Instance> all() {
            return instances.stream().map(Shown::asked).toList();
        }
    }

    @JsonInclude(JsonInclude.Include.NON_DEFAULT)
    record Answer(boolean pushed, String service, List<String> clusters, List<Shown> instances, String error, boolean absent) {}

    private final ObjectMapper json = new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
    private final PrintStream out;
    private final Map<String, EventListener> watched = new HashMap<>();
    private NamingService naming;

    private Driver(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws Exception {
        Driver driver = new Driver(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        System.setOut(System.err); // standard output is the test's
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String text = in.readLine(); text != null; text = in.readLine()) {
            driver.say(driver.answer(text));
        }
        System.exit(0);
    }

    private synchronized void say(Answer answer) {
        try {
            out.println(json.writeValueAsString(answer));
        } catch (java.io.IOException e) {
            e.printStackTrace();
        }
    }

    private Answer answer(String text) {
        try {
            Request r = json.readValue(text, Request.class);
            List<Shown> found = "query".equals(r.op) ? query(r) : null;
            boolean absent = found == null && !perform(r);
            return new Answer(false, null, null, found, null, absent);
        } catch (Exception e) {
            return new Answer(false, null, null, null, e.toString(), false);
        }
    }

    private boolean perform(Request r) throws Exception {
        switch (r.op) {
            case "open" -> open(r);
            case "register" -> naming.registerInstance(r.service, GROUP, r.first());
            case "batch" -> naming.batchRegisterInstance(r.service, GROUP, r.all());
            case "deregister" -> naming.deregisterInstance(r.service, GROUP, r.first());
            case "subscribe" -> subscribe(r);
            case "unsubscribe" -> naming.unsubscribe(r.service, GROUP, r.clusters, watched.get(r.service + r.clusters));
            case "close" -> naming.shutDown();
            default -> {
                return false;
            }
        }
        return true;
    }

    private void open(Request r) throws Exception {
        if (r.tls != null) {
            tls("enable", "true");
            tls("trustAll", "false"); // which is what it does unless told not to
            tls("trustCollectionChainPath", "file:" + r.tls.ca); // a path alone is one of the class path
        }
        if (r.tls != null && r.tls.mutual) {
            tls("mutualAuth", "true");
            tls("certChainFile", "file:" + r.tls.cert);
            tls("certPrivateKey", "file:" + r.tls.key);
        }
        Properties settings = new Properties();
        settings.setProperty("serverAddr", String.join(",", r.servers));
        if (r.user != null) {
            settings.setProperty("username", r.user.name);
            settings.setProperty("password", r.user.password);
        }
        naming = NacosFactory.createNamingService(settings);
    }

    private static void tls(String setting, String value) {
        System.setProperty("nacos.remote.client.rpc.tls." + setting, value);
    }

    private List<Shown> query(Request r) throws Exception {
        return Shown.of(r.healthy ? naming.selectInstances(r.service, GROUP, r.clusters, true, false)
            : naming.getAllInstances(r.service, GROUP, r.clusters, false));
    }

    private void subscribe(Request r) throws Exception {
        EventListener listener = event -> say(new Answer(true, r.service, r.clusters,
            Shown.of(((NamingEvent) event).getInstances()), null, false));
        watched.put(r.service + r.clusters, listener);
        naming.subscribe(r.service, GROUP, r.clusters, listener);
    }
}
