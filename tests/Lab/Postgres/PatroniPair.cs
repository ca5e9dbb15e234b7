using System.Globalization;

namespace PasswordSync.Lab;

/// <summary>Two database machines under Patroni, with one etcd as arbiter, as <c>cluster-config/patroni</c> has them: synchronous and strict.</summary>
public sealed class PatroniPair : IAsyncDisposable
{
    /// <summary>How long the first start and the making of the standby may take.</summary>
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(300);

    private readonly TemporaryFolder folder = TemporaryFolder.Create("etcd");
    private ServerProcess? arbiter;

    private PatroniPair()
    {
    }

    public IReadOnlyList<PatroniMember> Members { get; } = [new("db1"), new("db2")];

    /// <summary>Starts both and makes the database.</summary>
    /// <exception cref="LabEnvironmentException">Patroni or etcd is not installed, or they did not come up; the message says more.</exception>
    public static async Task<PatroniPair> StartAsync(CancellationToken cancellationToken)
    {
        LabMachine.Require(LabTool.Etcd, LabTool.Patroni, LabTool.SetPrivileges, LabTool.ChangeOwner);
        var pair = new PatroniPair();
        try
        {
            var address = pair.StartArbiter();
            foreach (var member in pair.Members)
            {
                await member.PrepareAsync(address, cancellationToken);
                await member.StartAsync(cancellationToken);
                await Eventually.HoldsAsync($"{member.Name} to be up; its log: {member.LogFile}", StartBound, async token => await member.IsLeaderAsync(token) || await member.IsSynchronousAsync(token), cancellationToken);
            }

            (await (await pair.LeaderAsync(cancellationToken)).PsqlAsync($"CREATE DATABASE {PostgresServer.Database}", cancellationToken)).RequireSuccess();
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>The member that leads now; on a busy machine the one that does may need a moment to say so.</summary>
    public async Task<PatroniMember> LeaderAsync(CancellationToken cancellationToken)
    {
        PatroniMember? leader = null;
        await Eventually.HoldsAsync(
            "a leader of the database machines", StartBound,
            async token =>
            {
                foreach (var member in Members)
                {
                    if (await member.IsLeaderAsync(token)) leader = member;
                }

                return leader is not null;
            },
            cancellationToken);
        return leader!;
    }

    public PatroniMember OtherThan(PatroniMember member) => Members.Single(other => other != member);

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members) await member.DisposeAsync();
        if (arbiter is not null) await arbiter.DisposeAsync();
        folder.Dispose();
    }

    private string StartArbiter()
    {
        var (clients, peers) = (Address(), Address());
        arbiter = ServerProcess.Start(new ServerCommand(
            LabMachine.PathOf(LabTool.Etcd),
            [
                "--name", "witness", "--data-dir", folder.PathOf("data"),
                "--listen-client-urls", $"http://{clients}", "--advertise-client-urls", $"http://{clients}",
                "--listen-peer-urls", $"http://{peers}", "--initial-advertise-peer-urls", $"http://{peers}", "--initial-cluster", $"witness=http://{peers}",
            ],
            folder.PathOf("etcd.log")));
        return clients;
    }

    private static string Address() => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Find()}");
}
