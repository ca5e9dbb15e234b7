using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Pipeline;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.StampProof;
using PasswordSync.Capture.Tests.Pipeline;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Capture.Uplink;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using TemporaryFolder = PasswordSync.Capture.Tests.Support.TemporaryFolder;

namespace PasswordSync.Capture.Tests.Live;

/// <summary>A whole edge on a real domain controller, with its spool on a disk; the nodes are a list.</summary>
public sealed class SambaEdge : IAsyncDisposable
{
    /// <summary>Far more than Samba ever needs, on a busy machine too: only <see cref="PassTheBound"/> ends it.</summary>
    private static readonly TimeSpan CommitWithin = TimeSpan.FromMinutes(30);

    /// <summary>How long the edge may take for its verdicts. Milliseconds as a rule; more on a busy machine.</summary>
    public static readonly TimeSpan VerdictBound = TimeSpan.FromMinutes(3);

    private static readonly ProofRules Rules = ProofRules.For(HookKind.BeforeCommit) with { CommitWithin = CommitWithin, HookWithin = TimeSpan.FromMinutes(2) };
    private readonly AdvancedClock time = new();
    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stop = new();
    private readonly CaptureSpool spool;
    private readonly DropFolder dropFolder;
    private readonly EdgePipeline pipeline;
    private readonly LdapClient client;
    private readonly HttpClient http;
    private readonly ScriptedNodes nodes = new();
    private readonly Task run;

    public SambaEdge(SambaDomainController controller, LabUser account, SambaHook hook)
    {
        client = ClientOf(controller, account);
        Directory = new LdapSourceDirectory(client, time);
        http = new HttpClient(nodes, disposeHandler: false);
        spool = CaptureSpool.Open(new DiskSpoolFiles(folder.In("spool")), new SpoolOptions(), Alarms, time, NullLogger.Instance);
        var intake = new CaptureIntake(spool, TestEnvelopes.Binding, Alarms, time, NullLogger<CaptureIntake>.Instance);
        var listenerOptions = new ListenerOptions { Socket = hook.EdgeSocket, DropFolder = hook.DropFolder };
        var listener = new HandoverListener(listenerOptions, intake, time, NullLogger<HandoverListener>.Instance);
        dropFolder = new DropFolder(listenerOptions, intake, Alarms, time, NullLogger<DropFolder>.Instance);
        var source = new SourceId("alpha.test");
        var uplink = new Uplink.Uplink(
            http, new EdgeName(source, "dc1.alpha.test", "1.0"), new NodeList([new Uri("https://node1/")]), new UplinkOptions(), time, () => 0.5, NullLogger<Uplink.Uplink>.Instance);
        pipeline = new EdgePipeline(
            new EdgeParts(spool, intake, listener, dropFolder, Directory, uplink),
            new EdgePipelineOptions { Source = source, Rules = Rules },
            Alarms,
            time,
            NullLogger<EdgePipeline>.Instance);
        pipeline.Apply(new EdgeConfiguration(
            1, "main", source, [new ScopeRule("all", controller.Domain.BaseName, ScopeLevel.Subtree, "(objectClass=user)", [], [])], [], [], EdgeConfiguration.GraceSecondsDefault));
        run = pipeline.RunAsync(stop.Token);
    }

    public RecordedAlarms Alarms { get; } = new();

    public LdapSourceDirectory Directory { get; }

    /// <summary>
    /// Lets the bound of everything that was captured so far be over for the edge: what the directory does not show by now is not coming. To be called once the domain controllers have
    /// what a test did to them.
    /// </summary>
    public void PassTheBound() => time.Advance(CommitWithin);

    /// <summary>What the nodes have about a capture; null while they have nothing.</summary>
    public IntakeItem? About(CaptureId id) => nodes.Accepted.FirstOrDefault(item => item.CaptureIds.Contains(id));

    /// <summary>Waits until the nodes know what became of all captures.</summary>
    public async Task<IReadOnlyList<IntakeItem>> AboutAsync(IReadOnlyList<CaptureId> ids, CancellationToken cancellationToken)
    {
        await Eventually.HoldsAsync(
            $"the verdicts on {ids.Count} captures ({pipeline.Status}; {string.Join(" | ", Alarms.All)})",
            VerdictBound,
            _ => run.IsFaulted ? Task.FromException<bool>(run.Exception) : Task.FromResult(ids.All(id => About(id) is not null)),
            cancellationToken);
        return [.. ids.Select(id => About(id)!)];
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await run;
        pipeline.Dispose();
        dropFolder.Dispose();
        spool.Dispose();
        await client.DisposeAsync();
        http.Dispose();
        nodes.Dispose();
        folder.Dispose();
        stop.Dispose();
    }

    /// <summary>A client as an edge has it, as a given account.</summary>
    public static LdapClient ClientOf(SambaDomainController controller, LabUser account) => new(
        new LdapClientOptions
        {
            Servers = [new LdapServer(controller.Address.ToString(), LdapServer.DefaultTlsPort)],
            Connection = SambaLab.OptionsFor(controller.Domain),
        },
        _ => ValueTask.FromResult<LdapCredential>(new SimpleCredential(controller.Domain.PrincipalNameOf(account), Encoding.UTF8.GetBytes(account.InitialPassword))),
        TimeProvider.System);

    /// <summary>The system's clock, whose time of day is ahead by as much as a test says; its timers are the system's.</summary>
    private sealed class AdvancedClock : TimeProvider
    {
        private long ticks;

        public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ticks));
    }
}
