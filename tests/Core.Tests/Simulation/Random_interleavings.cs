using FsCheck;
using FsCheck.Fluent;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>Random histories of one identity against an independent oracle. A failing history is shrunk and printed with its seed.</summary>
public sealed class Random_interleavings
{
    private static readonly TimeSpan MaximumAge = TimeSpan.FromDays(3);
    private static int HistoriesMax => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1" ? 50_000 : 3_000;

    [Fact]
    public void I2_when_all_is_quiet_every_target_holds_the_password_that_the_domain_kept() => Check(cluster =>
    {
        foreach (var (_, target) in cluster.Targets) target.Holds.ShouldBe(cluster.Kept);
    }, withPolicyRefusals: false);

    [Fact]
    public void I3_and_I6_hold_at_every_step_also_with_refusals_by_policy() => Check(cluster =>
    {
        foreach (var (point, captureId) in cluster.Open)
        {
            cluster.StateOf(point).ShouldBeOfType<PointState.Parked>().Delivery.CaptureId.ShouldBe(captureId);
        }
    }, withPolicyRefusals: true);

    private sealed record Rest(
        Dictionary<SyncPointId, SimulatedTarget> Targets, CaptureId? Kept, IReadOnlyCollection<(SyncPointId, CaptureId)> Open, Func<SyncPointId, PointState> StateOf);

    private static void Check(Action<Rest> atRest, bool withPolicyRefusals)
    {
        var history = ArbMap.Default.ArbFor<byte[]>();
        var property = Prop.ForAll(history, steps =>
        {
            var cluster = new SimulatedCluster("beta", "gamma");
            var domain = new SimulatedDomain(new SourceId("alpha"));
            var underway = new List<Change>();
            foreach (var step in steps) Play(step, cluster, domain, underway, withPolicyRefusals);
            foreach (var change in domain.Changes) cluster.Arrive(change);
            cluster.Quiesce();
            if (domain.Changes.Count > 0) atRest(new Rest(cluster.Targets, domain.Kept.CaptureId, cluster.OpenDeliveries, point => cluster.State.Points[point]));
        });
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(HistoriesMax).WithEndSize(120), property);
    }

    private static void Play(byte step, SimulatedCluster cluster, SimulatedDomain domain, List<Change> underway, bool withPolicyRefusals)
    {
        var argument = step / 16;
        var point = cluster.Points[argument % cluster.Points.Count];
        switch (step % 16)
        {
            case 0 or 1:
                var change = domain.ChangeAt(argument % 3, cluster.Now, MaximumAge);
                underway.Add(change);
                if (withPolicyRefusals && argument > 11) cluster.Refused.Add((point, change.CaptureId));
                break;
            case 2:
                domain.Replicate(argument % 3, argument / 3 % 3);
                break;
            case 3 or 4 or 5 when underway.Count > 0:
                cluster.Arrive(underway[argument % underway.Count]);
                break;
            case 6 or 7:
                cluster.Advance(TimeSpan.FromSeconds(1 << (argument % 6)));
                break;
            case 8:
                cluster.Crash();
                break;
            case 9:
                cluster.Land(point);
                break;
            default:
                cluster.Deliver(point, (AttemptFate)(argument % 10), TimeSpan.FromSeconds(argument));
                break;
        }
    }
}
