package distrotest

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
)

// jitter is the most by which the engine lengthens a wait.
const jitter = 1.2

func longest(d time.Duration) time.Duration { return time.Duration(float64(d) * jitter) }

// Repair is how long after the end of all faults every client that lives is
// known everywhere, as it is. It is computed from the timers, so that a change of
// one changes the test:
//
//	notice   a probe that was lost runs out, and the next one is answered
//	load     a question that was lost runs out and is put again, perhaps after a wait
//	         for a stream
//	verify   two rounds of verification, the first of which may still be running
//	         out; or, if that takes longer, the wait after the last failure
//	beat     of a client whose owner is another now
//
// With a Java server in the list its own timers decide: it must load, perhaps at
// its second attempt, before it verifies, and queues what failed.
func Repair(cfg distro.Config, java bool) time.Duration {
	notice := probeInterval + callTimeout
	load := callTimeout + cfg.LoadRetry + cfg.StreamWait
	verify := callTimeout + 2*longest(cfg.VerifyInterval)
	retry := callTimeout + longest(cfg.RetryMax)
	bound := notice + load + max(verify, retry) + beatInterval
	if java {
		bound += javaLoadRetry + 2*javaVerify + javaRetryDelay + 2*javaTick
	}
	return bound
}

// Forget is how long after that nobody holds a client that has ended: the
// longest lease, which begins anew at the last confirmation, what may put off its
// end, and the seven intervals over which many of one owner end. A client that beats is given up by its owner, and a Java server
// has a lease of its own, from which ours may have learnt last.
func Forget(cfg distro.Config, java bool) time.Duration {
	bound := cfg.Lease + (2+7)*longest(cfg.VerifyInterval) + beatTimeout + beatInterval
	if java {
		bound += javaExpiry + 2*javaExpiryScan + javaBeatExpiry
	}
	return bound
}
