using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>Plug-ins behind a real node: a password goes all the way, and one that misbehaves is named where operators look.</summary>
public sealed class Plugins_in_a_node
{
    private const string Canary = "C4nary!Passw0rd-€-7X";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_captured_password_arrives_in_the_sample_plug_in_s_own_file()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "ann:1::\n", Token);
        await using var node = await StartAsync("5m", ("crm", new { program = Sample, startTimeout = "1m", plugin = new { file } }));
        using var admin = OperatorClient.First(node);

        await node.SendAsync(Token, await node.CaptureAsync("ann", Canary, 7, Token));

        (await node.WaitForAsync<IdentityEvent.AttemptFinished>(_ => true, Token)).Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>().Mark.ShouldBe(new TargetMark("2"));
        var line = (await File.ReadAllTextAsync(file, Token)).Trim().Split(':');
        line[3].ShouldBe(Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2(Canary, Convert.FromBase64String(line[2]), 100_000, HashAlgorithmName.SHA256, 32)));
        (await admin.RunAsync("sync point verify", Token, ("point", "crm"))).ToString().ShouldContain("takes passwords of 8 to 256 characters");
        await admin.UntilAsync("sync status", status => status.Fact("status") == "well", Token);
        string.Join('\n', node.Log.All).ShouldNotContain(Canary);
        File.Delete(file);
    }

    [Fact(Timeout = 600_000)]
    public async Task Ones_that_crash_hang_or_babble_with_a_password_leave_unknown_outcomes_whose_reasons_stand_in_the_status()
    {
        await using var node = await StartAsync("2s", ("crm", new { program = OddPlugin(), startTimeout = "1m", plugin = new { manner = "good" } }));
        using var admin = OperatorClient.First(node);

        foreach (var (manner, reason) in new[] { ("crash", "The plug-in ended without an answer."), ("garbage", "The plug-in failed"), ("hang", "the password may have") })
        {
            var capture = await node.CaptureAsync(manner, Canary, 7, Token);
            await node.SendAsync(Token, capture);
            await node.WaitForAsync<IdentityEvent.AttemptFinished>(
                e => e.CaptureId == capture.CaptureId && e.Outcome is DeliveryOutcome.Unknown unknown && unknown.Reason.Contains(reason, StringComparison.Ordinal), Token);
            await ExplainsAsync(admin, manner, "crm", "The plug-in");
        }

        // Whoever's attempt runs just now does not wait; and of several reasons one is told, of which that of the attempt that hung does not name the plug-in.
        var status = await admin.UntilAsync(
            "sync status", status => status.Rows("troubles") is [var row] && Text(row, "people") == "3" && Text(row, "reason").Contains("plug-in", StringComparison.Ordinal), Token);
        var trouble = status.Rows("troubles").ShouldHaveSingleItem();
        (Text(trouble, "what"), Text(trouble, "remedy")).ShouldBe(("crm: failing", "pbm sync point verify crm"));
        string.Join('\n', node.Log.All).ShouldNotContain(Canary);
    }

    [Fact(Timeout = 600_000)]
    public async Task Ones_that_cannot_work_as_they_are_configured_say_so_and_get_the_waiting_password_once_that_is_mended()
    {
        if (OperatingSystem.IsWindows()) return;
        var program = OddPlugin();
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var node = await StartAsync(
            "5m",
            ("idle", new { program, startTimeout = "1m", plugin = new { manner = "good" } }),
            ("old", new { program = OddPlugin(), startTimeout = "1m", plugin = new { manner = "oldVersion" } }),
            ("sulking", new { program = OddPlugin(), startTimeout = "1m", plugin = new { manner = "refuse" } }));
        using var admin = OperatorClient.First(node);

        await node.SendAsync(Token, await node.CaptureAsync("ann", Canary, 7, Token));

        foreach (var (point, reason) in new[] { ("idle", $"{program} is not executable (chmod +x)."), ("old", "speaks version 0 of the protocol"), ("sulking", "plugin:manner is wrong") })
        {
            await node.WaitForAsync<IdentityEvent.ObstacleMet>(
                e => e.Point.Value == point && e.Outcome is DeliveryOutcome.TargetMisconfigured misconfigured && misconfigured.Reason.Contains(reason, StringComparison.Ordinal), Token);
            await ExplainsAsync(admin, "ann", point, reason);
        }

        string[] failing = ["idle: failing", "old: failing", "sulking: failing"];
        await admin.UntilAsync("sync status", status => status.Rows("troubles").Select(row => Text(row, "what")).Order(StringComparer.Ordinal).SequenceEqual(failing), Token);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        (await node.WaitForAsync<IdentityEvent.AttemptFinished>(_ => true, Token)).ShouldSatisfyAllConditions(e => e.Point.Value.ShouldBe("idle"), e => e.Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>());
    }

    private static string Sample => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "PasswordSync.FilePlugin.exe" : "PasswordSync.FilePlugin");

    private static Task<TestNode> StartAsync(string attemptTimeout, params (string Name, object Settings)[] points) =>
        TestNode.StartWithPointsAsync(points.ToImmutableSortedDictionary(point => point.Name, point => ("plugin", point.Settings)), attemptTimeout, Token);

    /// <summary>A copy of the plug-in in Python that does what it is told, which this test may change.</summary>
    private static string OddPlugin()
    {
        var program = Path.Combine(Directory.CreateTempSubdirectory("odd-plugin-").FullName, "odd_plugin.py");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "odd_plugin.py"), program);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }

    /// <summary>The explanation of the person comes to have the reason; between two attempts it says that one runs.</summary>
    private static async Task ExplainsAsync(OperatorClient admin, string user, string point, string reason) => await admin.UntilAsync(
        "sync explain",
        explained => Text(explained.Rows("sync points").Single(row => Text(row, "point") == point), "reason").Contains(reason, StringComparison.Ordinal),
        Token,
        ("user", user));

    private static string Text(JsonElement row, string name) => row.GetProperty(name).ToString();
}
