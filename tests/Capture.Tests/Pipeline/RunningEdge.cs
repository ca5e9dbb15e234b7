using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Pipeline;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.StampProof;
using PasswordSync.Capture.Tests.Spool;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Capture.Uplink;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using Shouldly;

namespace PasswordSync.Capture.Tests.Pipeline;

/// <summary>A whole edge on a scripted directory, scripted nodes and a clock that a test moves.</summary>
public sealed class RunningEdge : IAsyncDisposable
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // The clock of a test runs while the edge's threads are held up by a busy machine: what hangs from it must not mistake that for a silent node.
    private static readonly TimeSpan Never = TimeSpan.FromDays(10_000);

    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stop = new();
    private readonly ListenerOptions listenerOptions;
    private readonly DropFolder dropFolder;
    private readonly CaptureIntake intake;
    private readonly HttpClient http;
    private Task run = Task.CompletedTask;

    public RunningEdge(HookKind hook = HookKind.BeforeCommit, MemorySpoolFiles? files = null, SpoolOptions? spoolOptions = null, ManualClock? time = null, bool isConfigured = true, ScriptedDirectory? directory = null, TimeSpan? answerWithin = null)
    {
        Time = time ?? new ManualClock();
        Files = files ?? new MemorySpoolFiles();
        Directory = directory ?? new ScriptedDirectory(Time);
        http = new HttpClient(Nodes, disposeHandler: false);
        Spool = CaptureSpool.Open(Files, spoolOptions ?? new SpoolOptions(), Alarms, Time, NullLogger.Instance);
        listenerOptions = new ListenerOptions { Socket = OperatingSystem.IsWindows() ? "pws-" + Guid.NewGuid().ToString("N") : folder.In("s"), DropFolder = folder.In("drop") };
        System.IO.Directory.CreateDirectory(listenerOptions.DropFolder);
        intake = new CaptureIntake(Spool, TestEnvelopes.Binding, Alarms, Time, NullLogger<CaptureIntake>.Instance);
        dropFolder = new DropFolder(listenerOptions, intake, Alarms, Time, NullLogger<DropFolder>.Instance);
        var source = new SourceId("alpha.test");
        var uplink = new Uplink.Uplink(
            http, new EdgeName(source, "dc1.alpha.test", "1.0"), new NodeList([new Uri("https://node1/")]), new UplinkOptions { RequestTimeout = Timeout.InfiniteTimeSpan }, Time, () => 0.5, NullLogger<Uplink.Uplink>.Instance);
        Pipeline = new EdgePipeline(
            new EdgeParts(Spool, intake, new HandoverListener(listenerOptions, intake, Time, NullLogger<HandoverListener>.Instance), dropFolder, Directory, uplink),
            new EdgePipelineOptions { Source = source, Rules = ProofRules.For(hook), AnswerWithin = answerWithin ?? Never },
            Alarms,
            Time,
            NullLogger<EdgePipeline>.Instance);
        if (isConfigured) Configure();
    }

    public ManualClock Time { get; }

    public MemorySpoolFiles Files { get; }

    public RecordedAlarms Alarms { get; } = new();

    public ScriptedDirectory Directory { get; }

    public ScriptedNodes Nodes { get; } = new();

    public CaptureSpool Spool { get; }

    public EdgePipeline Pipeline { get; }

    /// <summary>What nodes accepted.</summary>
    public IReadOnlyList<IntakeItem> Accepted => [.. Nodes.Accepted];

    public RunningEdge Start()
    {
        run = Pipeline.RunAsync(stop.Token);
        return this;
    }

    public void Configure(int version = 1, ImmutableArray<ScopeRule>? scopes = null) => Pipeline.Apply(new EdgeConfiguration(
        version, "main", new SourceId("alpha.test"), scopes ?? [new ScopeRule("staff", "DC=alpha,DC=test", ScopeLevel.Subtree, null, [], [])], [], [], EdgeConfiguration.GraceSecondsDefault)).ShouldBeTrue();

    /// <summary>The hook hands over a capture made now; returns when it is acknowledged.</summary>
    public async Task<CaptureId> CaptureAsync(string account)
    {
        var id = Guid.NewGuid();
        (await intake.TakeAsync(TestEnvelopes.Seal(account, Time.GetUtcNow(), id), "test", CancellationToken.None)).ShouldBe(TakeResult.Taken);
        return new CaptureId(id);
    }

    /// <summary>The hook drops a capture made now as a file.</summary>
    public CaptureId Drop(string account)
    {
        var envelope = TestEnvelopes.Seal(account, Time.GetUtcNow());
        var path = Path.Combine(listenerOptions.DropFolder, TestEnvelopes.DropName(envelope));
        File.WriteAllBytes(path + ".unfinished", envelope);
        File.Move(path + ".unfinished", path);
        return new CaptureId(Guid.ParseExact(Path.GetFileNameWithoutExtension(path), "N"));
    }

    /// <summary>The hook drops a capture made now as a file, which nobody can read until the result is disposed of.</summary>
    public FileStream DropUnreadable(string account)
    {
        var envelope = TestEnvelopes.Seal(account, Time.GetUtcNow());
        var path = Path.Combine(listenerOptions.DropFolder, TestEnvelopes.DropName(envelope));
        File.WriteAllBytes(path + ".unfinished", envelope);
        File.SetLastWriteTimeUtc(path + ".unfinished", Time.GetUtcNow().UtcDateTime);

        // Keeps readers out, and may be renamed: only Windows asks whether it may.
        var hold = new FileStream(path + ".unfinished", FileMode.Open, FileAccess.Read, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);
        File.Move(path + ".unfinished", path);
        return hold;
    }

    /// <summary>What the edge cannot do while the drop folder is away.</summary>
    public void HideDropFolder(bool isHidden)
    {
        var hidden = listenerOptions.DropFolder + ".hidden";
        System.IO.Directory.Move(isHidden ? listenerOptions.DropFolder : hidden, isHidden ? hidden : listenerOptions.DropFolder);
    }

    /// <summary>Moves the clock in small steps until something is so; fails with the state after a while of real time.</summary>
    public async Task UntilAsync(Func<bool> condition, double stepMs = 5)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (run.IsCompleted) await run;
            if (TimeProvider.System.GetElapsedTime(since) > Patience) throw new TimeoutException($"Not within {Patience} ({Time.GetUtcNow():HH:mm:ss.fff}, {Directory.Looks} looks, {Time.ArmedTimers} timers): {Pipeline.Status}; alarms: {string.Join(" | ", Alarms.All)}");
            Time.Advance(TimeSpan.FromMilliseconds(stepMs));

            // Leaves the processor to the edge; how long does not matter.
            await Task.Delay(Breath);
        }
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await run;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Pipeline.Dispose();
        dropFolder.Dispose();
        Spool.Dispose();
        http.Dispose();
        Nodes.Dispose();
        folder.Dispose();
        stop.Dispose();
    }
}
