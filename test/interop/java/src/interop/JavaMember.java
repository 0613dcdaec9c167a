package interop;

import com.alibaba.nacos.core.code.ControllerMethodsCache;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.boot.web.servlet.ServletComponentScan;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.EnableScheduling;

/** A member of a Nacos cluster that knows naming only: no console, no configuration, no database. */
@EnableScheduling
@Import(Login.class)
@ServletComponentScan(JavaMember.NACOS)
@SpringBootApplication(
        scanBasePackages = JavaMember.NACOS,
        exclude = {
            SecurityAutoConfiguration.class,
            UserDetailsServiceAutoConfiguration.class,
            ManagementWebSecurityAutoConfiguration.class
        })
public class JavaMember {
    static final String NACOS = "com.alibaba.nacos";

    public static void main(String[] args) {
        SpringApplication.run(JavaMember.class, args);
    }

    /** Tells Nacos's request filters which methods answer which URLs; without it they answer 501 to all. */
    @Bean
    SmartInitializingSingleton routes(ControllerMethodsCache cache) {
        return () -> {
            cache.initClassMethod(NACOS + ".core.controller");
            cache.initClassMethod(NACOS + ".naming.controllers");
        };
    }
}
