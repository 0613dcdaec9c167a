package application;

import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;

/**
 * An ordinary application of Spring Cloud Alibaba: it says hello, passes on what the service "provider" says, which it
 * calls by name, and tells whom it knows.
 */
@SpringBootApplication
@RestController
public class Application {

    @Value("${greeting}")
    private String greeting;

    private final RestTemplate calls;
    private final DiscoveryClient discovery;

    Application(RestTemplate calls, DiscoveryClient discovery) {
        this.calls = calls;
        this.discovery = discovery;
    }

    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    @Bean
    @LoadBalanced
    static RestTemplate byName() {
        return new RestTemplate();
    }

    @GetMapping("/hello")
    String hello() {
        return greeting;
    }

    @GetMapping("/ask")
    String ask() {
        return calls.getForObject("http://provider/hello", String.class);
    }

    @GetMapping("/known")
    List<String> known(@RequestParam("service") String service) {
        return discovery.getInstances(service).stream().map(i -> i.getHost() + ":" + i.getPort()).sorted().toList();
    }
}
