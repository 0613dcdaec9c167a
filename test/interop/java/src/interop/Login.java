package interop;

import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Gives tokens to those who show a password, where and in the form in which Nacos's own plugin does. */
@RestController
public class Login {
    @PostMapping({"/v1/auth/login", "/v1/auth/users/login"})
    public Map<String, Object> login(@RequestParam("username") String username, @RequestParam("password") String password) {
        if (!Users.knows(username, password)) {
            throw new ResponseStatusException(HttpStatus.FORBIDDEN, "unknown user!");
        }
        return Map.of("accessToken", Tokens.issue(username), "tokenTtl", Tokens.SECONDS, "globalAdmin", true, "username", username);
    }
}
