using System.Text.Json;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>A node that leaves: its shards go first, and nobody's open request holds them up.</summary>
public sealed class Leaving_a_cluster(LabServers servers)
{
    private const string Label = "site=berlin";
    private const string Password = "Winter.2026!";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task The_other_node_owns_all_shards_while_its_request_at_the_leaving_one_is_still_under_way()
    {
        using var beta = new MemoryTarget();
        var writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayWrite = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = "";
        await using var nodes = await TwoNodes.StartAsync(
            servers,
            new Dictionary<string, MemoryTarget> { ["beta"] = beta },
            Token,
            async (call, _) =>
            {
                if (call.Step != MemoryStep.Writing || call.Account != Volatile.Read(ref held)) return null;
                writing.TrySetResult();
                await mayWrite.Task;
                return null;
            },
            boundTo: Label);

        // Only the second node may write, so whoever is the first one's is written to by a request from there.
        var user = await FindAsync(nodes, beta, owner: "node1");
        Volatile.Write(ref held, user);
        nodes.South.Server.RequestsEndWithin = Timeout.InfiniteTimeSpan;
        await nodes.North.SendAsync(Token, await nodes.North.CaptureAsync(user, "Spring.2027!", 8, Token));
        await writing.Task.WaitAsync(Token);
        var leaving = nodes.South.Server.DisposeAsync().AsTask();
        try
        {
            await nodes.AtNorth.UntilAsync("cluster-sharding list-shards", listed => listed.Rows().Count == 256, Token, ("address", "node1"));
            leaving.IsCompleted.ShouldBeFalse("the request is under way, and this node waits for it");
        }
        finally
        {
            mayWrite.SetResult();
        }

        await leaving.WaitAsync(Token);
        beta.Writes.Count(write => write.Login == user).ShouldBe(2, "what was under way was done");
        nodes.South.Log.All.ShouldContain(line => line.Contains("Released all shards", StringComparison.Ordinal));
    }

    private static async Task<string> FindAsync(TwoNodes nodes, MemoryTarget target, string owner)
    {
        for (var i = 0; ; i++)
        {
            var user = $"user{i}";
            target.Add(user);
            await nodes.North.SendAsync(Token, await nodes.North.CaptureAsync(user, Password, 7, Token));
            await nodes.AtNorth.UntilAsync("sync explain", _ => target.Writes.Any(write => write.Login == user), Token, ("user", user));
            var shard = new IdentityId(Guid.Parse((await nodes.AtNorth.RunAsync("sync explain", Token, ("user", user))).Fact("identity"))).Shard(256);
            var shards = (await nodes.AtNorth.RunAsync("cluster-sharding list-shards", Token)).Rows();
            if (Text(shards[shard], "owner") == owner) return user;
        }
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();
}
