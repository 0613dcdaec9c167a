package naming

import "testing"

func TestSnowflakeHasTheFormOfNacos(t *testing.T) {
	s := NewSnowflake(5)
	const now = snowflakeEpoch + 1000
	if got, want := s.Next(now), int64(1000<<22|5<<12); got != want {
		t.Errorf("the first is %d, want %d", got, want)
	}
	if got, want := s.Next(now), int64(1000<<22|5<<12|1); got != want {
		t.Errorf("the second is %d, want %d", got, want)
	}
}

func TestSnowflakesRiseWhateverTheClockDoes(t *testing.T) {
	s, other := NewSnowflake(1), NewSnowflake(2)
	seen := map[int64]bool{}
	last := int64(0)
	for i := range int64(10_000) {
		now := snowflakeEpoch + 1_000_000 - i/5000*500 // it stands still, and goes back once
		n := s.Next(now)
		if n <= last {
			t.Fatalf("%d after %d", n, last)
		}
		last = n
		for _, one := range []int64{n, other.Next(now)} {
			if seen[one] {
				t.Fatalf("%d twice", one)
			}
			seen[one] = true
		}
	}
}

func TestOnlyTenBitsOfAWorkerCount(t *testing.T) {
	s, same := NewSnowflake(7), NewSnowflake(7+1<<10)
	if a, b := s.Next(snowflakeEpoch+1), same.Next(snowflakeEpoch+1); a != b {
		t.Errorf("%d and %d", a, b)
	}
}
