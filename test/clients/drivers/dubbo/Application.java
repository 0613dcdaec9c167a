package application;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/**
 * An ordinary application of Dubbo: "provide GREETING" offers a Greeter, and "consume PORT" answers HTTP at /ask with what a
 * Greeter says that the registry has found. All else is set by properties, dubbo.*.
 */
public final class Application {

    private Application() {}

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "provide" -> provide(args[1]);
            case "consume" -> consume(Integer.parseInt(args[1]));
            default -> throw new IllegalArgumentException(args[0]);
        }
        DubboBootstrap.getInstance().await();
    }

    private static void provide(String greeting) {
        ServiceConfig<Greeter> service = new ServiceConfig<>();
        service.setInterface(Greeter.class);
        service.setRef(() -> greeting);
        DubboBootstrap.getInstance().service(service).start();
    }

    private static void consume(int port) throws IOException {
        ReferenceConfig<Greeter> reference = new ReferenceConfig<>();
        reference.setInterface(Greeter.class);
        DubboBootstrap.getInstance().reference(reference).start();
        Greeter greeter = reference.get();
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        http.createContext("/ask", exchange -> {
            try {
                answer(exchange, 200, greeter.greet());
            } catch (RuntimeException e) { // of Dubbo: nobody was found, or nobody answered
                answer(exchange, 503, e.toString());
            }
        });
        http.start();
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
