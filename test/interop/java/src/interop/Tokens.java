package interop;

import com.alibaba.nacos.plugin.auth.exception.AccessException;
import io.jsonwebtoken.ExpiredJwtException;
import io.jsonwebtoken.JwtException;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.io.Decoders;
import io.jsonwebtoken.security.Keys;
import java.util.Date;
import java.util.Set;

/**
 * Tokens as the versions of Nacos make and read them: they sign by an algorithm that the length of the key chooses, as
 * those since 2.2.1, and take what all versions take. Those since 2.2.1 compare headers as texts; those before read
 * tokens by this very library.
 */
final class Tokens {
    static final long SECONDS = 18000;

    /** {"alg":"HS256"}, {"alg":"HS384"} and {"alg":"HS512"}, and not one byte more. */
    private static final Set<String> HEADERS =
            Set.of("eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzM4NCJ9", "eyJhbGciOiJIUzUxMiJ9");

    private Tokens() {}

    static String issue(String user) {
        Date end = new Date(System.currentTimeMillis() + SECONDS * 1000);
        return Jwts.builder().setSubject(user).setExpiration(end).signWith(Keys.hmacShaKeyFor(key())).compact();
    }

    static String userOf(String token) throws AccessException {
        if (token == null || token.isBlank()) {
            throw new AccessException("user not found!");
        }
        if (!HEADERS.contains(token.split("\\.", 2)[0])) {
            throw new AccessException("unsupported signature algorithm");
        }
        try {
            return Jwts.parserBuilder().setSigningKey(key()).build().parseClaimsJws(token).getBody().getSubject();
        } catch (ExpiredJwtException e) {
            throw new AccessException("token expired!");
        } catch (JwtException e) {
            throw new AccessException("token invalid!");
        }
    }

    private static byte[] key() {
        return Decoders.BASE64.decode(System.getProperty("nacos.core.auth.plugin.nacos.token.secret.key"));
    }
}
