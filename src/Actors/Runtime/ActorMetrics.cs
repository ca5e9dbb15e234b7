using System.Diagnostics.Metrics;

namespace PasswordSync.Actors.Runtime;

/// <summary>The instruments of one actor system, in the meter <c>PasswordSync.Actors</c>.</summary>
internal sealed class ActorMetrics : IDisposable
{
    public const string MeterName = "PasswordSync.Actors";

    private readonly Meter meter;

    public ActorMetrics(object? scope)
    {
        meter = new Meter(new MeterOptions(MeterName) { Scope = scope });
        Live = meter.CreateUpDownCounter<int>("passwordsync.actors.live", "{actor}", "Actors that live now, by kind");
        Restarts = meter.CreateCounter<long>("passwordsync.actors.restarts", "{restart}", "Restarts after a failure, by kind");
        DeadLetters = meter.CreateCounter<long>("passwordsync.actors.dead_letters", "{message}", "Accepted messages never handled to their end, by kind and reason");
    }

    public UpDownCounter<int> Live { get; }

    public Counter<long> Restarts { get; }

    public Counter<long> DeadLetters { get; }

    public static KeyValuePair<string, object?> Kind(string kind) => new("kind", kind);

    public static KeyValuePair<string, object?> Reason(DeadLetterReason reason) => new("reason", reason.ToString());

    public void Dispose() => meter.Dispose();
}
