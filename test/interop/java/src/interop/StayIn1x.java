package interop;

import com.alibaba.nacos.naming.core.ServiceManager;
import com.alibaba.nacos.naming.core.v2.upgrade.SelfUpgradeChecker;
import com.alibaba.nacos.naming.core.v2.upgrade.doublewrite.delay.DoubleWriteDelayTaskEngine;

/** Keeps a member in the mode of Nacos 1.x for as long as it runs. */
public class StayIn1x implements SelfUpgradeChecker {
    @Override
    public String checkType() {
        return "never";
    }

    @Override
    public boolean isReadyToUpgrade(ServiceManager services, DoubleWriteDelayTaskEngine tasks) {
        return false;
    }
}
