using System.Text.Json;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>Two nodes over one schema of a real PostgreSQL server, each with half of the shards, and a client for each: what an operator has in a cluster.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private readonly string passwordFile = Path.GetTempFileName();
    private readonly string schema = $"t{Guid.NewGuid():N}";
    private readonly PostgresServer server;

    private TwoNodes(PostgresServer server) => this.server = server;

    public TestNode North { get; private set; } = null!;

    public TestNode South { get; private set; } = null!;

    /// <summary>An administrator who asks the first node.</summary>
    public OperatorClient AtNorth { get; private set; } = null!;

    /// <summary>The same one, who asks the second.</summary>
    public OperatorClient AtSouth { get; private set; } = null!;

    /// <summary>Starts them.</summary>
    /// <param name="servers">Where the database server is.</param>
    /// <param name="targets">The sync points.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="script">What the targets do.</param>
    /// <param name="retry">When failed deliveries are tried again.</param>
    /// <param name="boundTo">A label that the second node has, and the points are bound to; null if both carry them out.</param>
    /// <param name="rate">How many deliveries of each point both begin together; null for as many as can be.</param>
    public static async Task<TwoNodes> StartAsync(LabServers servers, IReadOnlyDictionary<string, MemoryTarget> targets, CancellationToken cancellationToken, MemoryScript? script = null, object? retry = null, string? boundTo = null, object? rate = null)
    {
        var server = await servers.PostgresAsync(cancellationToken);
        var nodes = new TwoNodes(server);
        try
        {
            await File.WriteAllTextAsync(nodes.passwordFile, PostgresServer.AdministratorPassword, cancellationToken);

            // Nobody is to take over from a node that a busy machine keeps waiting: the tests end nodes in order, or take them down.
            var database = new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{nodes.passwordFile}", nodes.schema, expiry = "00:05:00" };
            nodes.North = await TestNode.StartAsync(targets, cancellationToken, script, database: database, retry: retry, boundTo: boundTo, rate: rate);
            nodes.AtNorth = OperatorClient.First(nodes.North);
            nodes.South = await nodes.North.JoinAsync("node2", targets, cancellationToken, script, label: boundTo);
            nodes.AtSouth = OperatorClient.With(nodes.South, OperatorClient.FirstToken(nodes.North));
            await nodes.AtNorth.UntilAsync("cluster show", shown => shown.Rows().All(row => row.GetProperty("shards").GetInt32() == 128), cancellationToken);

            // A node asks those that it knew to live a moment ago, at the addresses they told of: one that has just joined is among them soon.
            foreach (var asked in (OperatorClient[])[nodes.AtNorth, nodes.AtSouth])
            {
                await asked.UntilAsync("cluster-sharding region-stats", shown => shown.Rows().All(row => row.GetProperty("entities").ValueKind == JsonValueKind.Number), cancellationToken);
            }

            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a third one known that lives as far as anybody can tell, and answers nobody.</summary>
    public Task AddUnreachableAsync(string name, CancellationToken cancellationToken) => server.RunSqlAsync(
        $$"""
        INSERT INTO {{schema}}.node (name, incarnation, sessions, addresses, labels, version, began_at, heartbeat_at)
        VALUES ('{{name}}', gen_random_uuid(), '{{name}}', '{https://127.0.0.1:1}', '{}', 'test', clock_timestamp(), clock_timestamp())
        """,
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        AtNorth?.Dispose();
        AtSouth?.Dispose();
        if (South is not null) await South.DisposeAsync();
        if (North is not null) await North.DisposeAsync();
        File.Delete(passwordFile);
    }
}
