package interop;

import com.alibaba.nacos.plugin.auth.api.IdentityContext;
import com.alibaba.nacos.plugin.auth.api.Permission;
import com.alibaba.nacos.plugin.auth.api.Resource;
import com.alibaba.nacos.plugin.auth.constant.ActionTypes;
import com.alibaba.nacos.plugin.auth.exception.AccessException;
import com.alibaba.nacos.plugin.auth.spi.server.AuthPluginService;
import java.util.Collection;
import java.util.List;

/**
 * Says who may do what, where auth is on. It stands for Nacos's own plugin, which is not in Maven Central and keeps
 * users in a database: there is one user, who may do everything. What asks it, and when, is Nacos's.
 */
public class Users implements AuthPluginService {
    private static final String BEARER = "Bearer ";

    @Override
    public Collection<String> identityNames() {
        return List.of("Authorization", "accessToken");
    }

    @Override
    public boolean enableAuth(ActionTypes action, String type) {
        return true;
    }

    @Override
    public boolean validateIdentity(IdentityContext caller, Resource resource) throws AccessException {
        String bearer = caller.getParameter("Authorization", "");
        String token = bearer.startsWith(BEARER) ? bearer.substring(BEARER.length()) : caller.getParameter("accessToken", "");
        return name().equals(Tokens.userOf(token));
    }

    @Override
    public Boolean validateAuthority(IdentityContext caller, Permission permission) {
        return true;
    }

    @Override
    public String getAuthServiceName() {
        return "nacos";
    }

    static boolean knows(String user, String password) {
        return name().equals(user) && System.getProperty("interop.password").equals(password);
    }

    private static String name() {
        return System.getProperty("interop.user");
    }
}
