using PasswordSync.Journal.Postgres.Leases;
using PasswordSync.Journal.Tests.Conformance;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>When a node counts as gone.</summary>
public sealed class HeartbeatWatchTests
{
    private static readonly Guid Other = Guid.NewGuid();
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(4);
    private readonly ManualClock clock = new(Samples.Start);
    private readonly HeartbeatWatch watch;
    private DateTime heartbeat = Samples.Start.UtcDateTime;

    public HeartbeatWatchTests() => watch = new HeartbeatWatch(Expiry, clock);

    [Fact]
    public void Heartbeat_that_stands_still_for_the_expiry_means_gone()
    {
        Look(lookings: 16);
        watch.StoodStill(Other).ShouldBeFalse("it was seen for 3.75 s");
        Look(lookings: 1);
        watch.StoodStill(Other).ShouldBeTrue();
    }

    [Fact]
    public void Heartbeat_that_moves_begins_the_wait_anew_whichever_way_it_moves()
    {
        Look(lookings: 16);
        heartbeat = heartbeat.AddHours(-1);
        Look(lookings: 16);
        watch.StoodStill(Other).ShouldBeFalse("the database's clock was set back, and the node lives");
    }

    [Fact]
    public void Who_could_not_look_for_a_while_observes_a_whole_expiry_before_anybody_is_gone()
    {
        Look(lookings: 16);
        clock.Advance(TimeSpan.FromMinutes(10));
        Look(lookings: 16);
        watch.StoodStill(Other).ShouldBeFalse("the database was away, and the other could not write either");
        Look(lookings: 1);
        watch.StoodStill(Other).ShouldBeTrue();
    }

    [Fact]
    public void Node_that_was_never_seen_is_not_gone() => watch.StoodStill(Guid.NewGuid()).ShouldBeFalse();

    private void Look(int lookings)
    {
        for (var i = 0; i < lookings; i++)
        {
            watch.Look([(Other, heartbeat)]);
            clock.Advance(TimeSpan.FromMilliseconds(250));
        }
    }
}
