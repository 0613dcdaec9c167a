package interop;

import com.alibaba.nacos.consistency.ProtocolMetaData;
import com.alibaba.nacos.consistency.cp.CPProtocol;
import com.alibaba.nacos.consistency.cp.MetadataKey;
import com.alibaba.nacos.consistency.cp.RequestProcessor4CP;
import com.alibaba.nacos.consistency.entity.ReadRequest;
import com.alibaba.nacos.consistency.entity.Response;
import com.alibaba.nacos.consistency.entity.WriteRequest;
import com.alibaba.nacos.core.distributed.AbstractConsistencyProtocol;
import com.alibaba.nacos.core.distributed.raft.RaftConfig;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * In place of Raft: every member leads itself, and what is written stays with it. Without any, a member in the mode of
 * 1.x cannot create a service, not even for ephemeral instances.
 */
public class LocalCp extends AbstractConsistencyProtocol<RaftConfig, RequestProcessor4CP>
        implements CPProtocol<RaftConfig, RequestProcessor4CP> {
    private volatile String self = "";

    @Override
    public void init(RaftConfig config) {
        self = config.getSelfMember();
    }

    @Override
    public void addRequestProcessors(Collection<RequestProcessor4CP> processors) {
        for (RequestProcessor4CP each : processors) {
            allProcessor().put(each.group(), each);
            metaData.load(Map.of(each.group(), Map.of(MetadataKey.LEADER_META_DATA, (Object) self)));
        }
    }

    @Override
    public ProtocolMetaData protocolMetaData() {
        return metaData;
    }

    @Override
    public Response getData(ReadRequest request) {
        return allProcessor().get(request.getGroup()).onRequest(request);
    }

    @Override
    public synchronized Response write(WriteRequest request) {
        return allProcessor().get(request.getGroup()).onApply(request);
    }

    @Override
    public CompletableFuture<Response> aGetData(ReadRequest request) {
        return CompletableFuture.completedFuture(getData(request));
    }

    @Override
    public CompletableFuture<Response> writeAsync(WriteRequest request) {
        return CompletableFuture.completedFuture(write(request));
    }

    @Override
    public boolean isLeader(String group) {
        return true;
    }

    @Override
    public void memberChange(Set<String> addresses) {}

    @Override
    public void shutdown() {}
}
