using System.Diagnostics;
using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

/// <summary>Servers end when they should, and their whole tree with them.</summary>
public sealed class SupervisionTests
{
    private const string OrphanFolderVariable = "PASSWORDSYNC_LAB_TEST_FOLDER";
    private static readonly TimeSpan EndBound = TimeSpan.FromMinutes(2);

    // A server with a child of its own that ignores the polite signal, and says so.
    private const string StubbornFamily = """
        (trap "" TERM; echo started; while :; do sleep 1; done) & exec sleep 1000
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stopping_a_server_ends_its_children_too()
    {
        using var folder = TemporaryFolder.Create("family");
        await using var server = await StartFamilyAsync(folder.PathOf("log"));
        var family = FamilyOf(server);

        await server.StopAsync(Cancellation);

        server.IsRunning.ShouldBeFalse();
        family.Count.ShouldBeGreaterThan(1);
        family.Where(member => ProcessTree.IdentityOf(member.ProcessId) == member).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_killed_server_is_gone_with_its_children_at_once()
    {
        using var folder = TemporaryFolder.Create("family");
        await using var server = await StartFamilyAsync(folder.PathOf("log"));
        var family = FamilyOf(server);

        await server.KillAsync(Cancellation);

        server.IsRunning.ShouldBeFalse();
        family.Where(member => ProcessTree.IdentityOf(member.ProcessId) == member).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_frozen_server_ends_too()
    {
        using var folder = TemporaryFolder.Create("family");
        await using var server = await StartFamilyAsync(folder.PathOf("log"));
        server.Freeze();

        await server.DisposeAsync();

        server.IsRunning.ShouldBeFalse();
    }

    [Fact]
    public async Task Servers_end_when_the_process_that_started_them_is_killed()
    {
        using var folder = TemporaryFolder.Create("orphan");
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "-explicit", "only", "-method", $"{typeof(SupervisionTests).FullName}.{nameof(Starts_a_server_and_waits_to_be_killed)}" },
            Environment = { [OrphanFolderVariable] = folder.FullPath },
            RedirectStandardOutput = true,
        };
        using var parent = Process.Start(start)!;
        var note = folder.PathOf("server");
        await Eventually.HoldsAsync("the server of the other process", EndBound, _ => Task.FromResult(File.Exists(note)), Cancellation);
        var server = int.Parse(await File.ReadAllTextAsync(note, Cancellation), System.Globalization.CultureInfo.InvariantCulture);
        var identity = ProcessTree.IdentityOf(server).ShouldNotBeNull();

        parent.Kill();

        await Eventually.HoldsAsync(
            "the end of the orphan", EndBound, _ => Task.FromResult(ProcessTree.IdentityOf(server) != identity), Cancellation);
    }

    [Fact(Explicit = true)]
    public async Task Starts_a_server_and_waits_to_be_killed()
    {
        var folder = Environment.GetEnvironmentVariable(OrphanFolderVariable).ShouldNotBeNull("Run by another test only.");
        await using var server = await StartFamilyAsync(Path.Combine(folder, "log"));
        var note = Path.Combine(folder, "server");
        await File.WriteAllTextAsync(note + ".new", $"{server.ProcessIds[0]}", Cancellation);
        File.Move(note + ".new", note);
        await Task.Delay(Timeout.Infinite, Cancellation);
    }

    // The child's own child ends every second, also between the look for it and the look at it.
    private static List<ProcessTree.Identity> FamilyOf(ServerProcess server) => [.. server.ProcessIds.Select(ProcessTree.IdentityOf).OfType<ProcessTree.Identity>()];

    private static async Task<ServerProcess> StartFamilyAsync(string log)
    {
        var server = ServerProcess.Start(new ServerCommand("/bin/sh", ["-c", StubbornFamily], log));
        await Eventually.HoldsAsync(
            "the server to have started", EndBound, async token => (await File.ReadAllTextAsync(log, token)).Contains("started", StringComparison.Ordinal), Cancellation);
        return server;
    }
}
