using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Plugins;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Plugins;

/// <summary>What becomes of plug-ins that do not behave; the plug-in is written in Python from the specification.</summary>
public sealed class PluginProviderTests : IDisposable
{
    private const string Canary = "C4nary!Passw0rd-€-7X";

    private readonly ScratchFolder folder = new();
    private readonly CollectingLoggers loggers = new();
    private readonly ManualClock clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("crash")]
    [InlineData("garbage")]
    [InlineData("half")]
    [InlineData("noJson")]
    [InlineData("otherId")]
    [InlineData("unknownWord")]
    public async Task One_that_fails_with_a_password_leaves_an_unknown_outcome_and_is_started_again_after_a_pause(string manner)
    {
        await using var provider = Make("good");
        var first = await FindAsync(provider);

        (await SetAsync(provider, manner)).ShouldBeOfType<DeliveryOutcome.Unknown>().Reason.ShouldNotContain("C4nary");

        var pause = (await SetAsync(provider, "anna")).ShouldBeOfType<DeliveryOutcome.Throttled>();
        pause.Until.ShouldBe(clock.GetUtcNow() + TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(1));
        (await SetAsync(provider, "anna")).ShouldBeOfType<DeliveryOutcome.Delivered>().Mark.ShouldNotBe(first.Mark);
    }

    [Fact]
    public async Task One_that_fails_again_and_again_is_left_alone_for_longer_and_longer()
    {
        await using var provider = Make("half");
        for (var seconds = 1; seconds <= 64; seconds *= 2)
        {
            (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.Transient>();
            var pause = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.Throttled>();
            (pause.Until - clock.GetUtcNow()).ShouldBe(TimeSpan.FromSeconds(Math.Min(seconds, 60)));
            clock.Advance(TimeSpan.FromSeconds(60));
        }
    }

    [Fact]
    public async Task One_that_hangs_is_killed_with_what_it_started_when_the_attempt_ends()
    {
        await using var provider = Make("good");
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        using var password = Any.Secret(Canary);
        using var ending = new CancellationTokenSource();
        var seen = Path.Combine(Path.GetTempPath(), $"odd-plugin-{Environment.ProcessId}");
        File.Delete(seen);

        var attempt = executor.ExecuteAsync(provider, Any.Attempt(Any.Target("hang"), TimeProvider.System, Any.LongTime), Any.CaptureId(), false, password, ending.Token);
        await Eventually.HoldsAsync("the plug-in to hang", Any.LongTime, _ => Task.FromResult(File.Exists(seen) && File.ReadAllText(seen).EndsWith('\n')), Token);
        await ending.CancelAsync();

        (await attempt).ShouldBeOfType<DeliveryOutcome.Unknown>();
        foreach (var id in (await File.ReadAllTextAsync(seen, Token)).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            await Eventually.HoldsAsync($"process {id} to go", Any.LongTime, _ => Task.FromResult(Programs.IsGone(id)), Token);
        }

        File.Delete(seen);
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task A_write_that_was_given_up_is_unknown_and_the_next_attempt_settles_it_by_a_probe(string hangs)
    {
        var file = folder.Write("kept", "F0rmer.Passw0rd!");
        await using var silent = Make("good", more: [("file", file), ("hangs", hangs)]);
        await using var provider = Make("good", more: [("file", file)]);
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        var attempt = Any.Attempt(Any.Target("anna"), TimeProvider.System, Any.LongTime);
        using var password = Any.Secret(Canary);
        using var ending = new CancellationTokenSource();

        var writing = executor.ExecuteAsync(silent, attempt, Any.CaptureId(), false, password, ending.Token);
        await Eventually.HoldsAsync("the plug-in to hang", Any.LongTime, _ => Task.FromResult(File.Exists(file + ".hangs")), Token);
        await ending.CancelAsync();
        (await writing).ShouldBeOfType<DeliveryOutcome.Unknown>();
        (await File.ReadAllTextAsync(file, Token)).ShouldBe(hangs == "after" ? Canary : "F0rmer.Passw0rd!");
        var settled = await executor.ExecuteAsync(provider, attempt with { ProbeFirst = true }, Any.CaptureId(), false, password, Token);

        settled.ShouldBeOfType(hangs == "after" ? typeof(DeliveryOutcome.AlreadyThere) : typeof(DeliveryOutcome.Delivered));
        (await File.ReadAllTextAsync(file, Token)).ShouldBe(Canary);
    }

    [Theory]
    [InlineData("busy", 30)]
    [InlineData("busy120", 120)]
    [InlineData("busy0.5", 0.5)]
    [InlineData("busy999999", 3_600)]
    [InlineData("busy-5", 30)]
    public async Task One_whose_target_asks_for_a_pause_gets_it_within_bounds(string account, double seconds)
    {
        await using var provider = Make("good");

        var pause = (await SetAsync(provider, account)).ShouldBeOfType<DeliveryOutcome.Throttled>();

        pause.Until.ShouldBe(clock.GetUtcNow() + TimeSpan.FromSeconds(seconds));
        (await SetAsync(provider, "anna")).ShouldBeOfType<DeliveryOutcome.Delivered>();
    }

    [Fact]
    public async Task What_one_says_of_its_target_is_compared_with_the_source()
    {
        await using var provider = Make("good");

        var policy = (await provider.VerifyAsync(Token)).Policies.ShouldHaveSingleItem();

        (policy.LengthMin, policy.LengthMax, policy.HistoryLength).ShouldBe((6, 64, null));
    }

    [Fact]
    public async Task One_that_never_answers_the_first_message_is_given_up_after_the_time_out()
    {
        await using var provider = Make("hang");

        var finding = provider.PrepareAsync(Any.Query("anna"), Token);
        await clock.WhenArmedAsync(1);
        clock.Advance(TimeSpan.FromSeconds(10));

        (await finding.WaitAsync(Any.LongTime, Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("startTimeout");
    }

    [Fact]
    public async Task One_that_refuses_its_settings_is_a_misconfiguration_that_shows_no_secret()
    {
        await using var provider = Make("refuse", "a s3cret of the sync point");

        var reason = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason;

        reason.ShouldContain("plugin:manner is wrong");
        reason.ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task What_one_prints_while_it_fails_to_start_is_shown_without_its_secrets()
    {
        await using var provider = Make("chatty", "a s3cret of the sync point");

        var report = await provider.VerifyAsync(Token);

        report.Checks.ShouldHaveSingleItem().Finding.ShouldContain("cannot load, my secret is [redacted]");
        loggers.Text.ShouldContain("cannot load");
        loggers.Text.ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task One_of_another_version_is_not_used()
    {
        await using var provider = Make("oldVersion");

        (await provider.VerifyAsync(Token)).Checks.ShouldHaveSingleItem().Finding.ShouldContain("version 0");
    }

    [Fact]
    public async Task An_answer_that_does_not_fit_is_an_unknown_outcome()
    {
        await using var provider = Make("good");

        (await SetAsync(provider, "otherWord")).ShouldBeOfType<DeliveryOutcome.Unknown>().Reason.ShouldContain("Present");
    }

    [Fact]
    public async Task A_reason_is_shown_without_the_password()
    {
        await using var provider = Make("good");

        (await SetAsync(provider, "echo")).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>().Reason.ShouldBe("'[redacted]' is in the dictionary");
        loggers.Text.ShouldNotContain("C4nary");
    }

    [Fact]
    public async Task What_the_plug_in_says_it_does_not_take_is_not_sent()
    {
        await using var provider = Make("good");
        using var password = Any.Secret(new string('x', 65));
        var request = Any.Set(Any.Target("crash"), null, TimeProvider.System);

        (await provider.SetPasswordAsync(request, password, Token)).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();
        request.Permit.IsUsed.ShouldBeFalse();
    }

    [Fact]
    public async Task A_process_is_replaced_after_the_number_of_requests_that_the_settings_say()
    {
        await using var provider = Make("good", restartAfter: 2);

        var processes = new List<TargetMark?>();
        for (var i = 0; i < 6; i++) processes.Add((await FindAsync(provider)).Mark);

        processes.Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task As_many_processes_work_at_once_as_the_settings_say()
    {
        await using var provider = Make("good", processes: 2);

        var found = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => FindAsync(provider)));

        found.Select(one => one.Mark).Distinct().Count().ShouldBeInRange(1, 2);
    }

    [Fact]
    public void References_to_secrets_must_be_references_that_the_node_allows()
    {
        var settings = new SettingsReader(new Dictionary<string, string> { ["program"] = "/opt/plugin", ["pluginSecrets:key"] = "hunter2", ["pluginSecrets:other"] = "file:/etc/shadow" });

        PluginOptions.Read(settings, NodeAllowList.Everything with { SecretReferences = [] }).ShouldBeNull();

        var faults = settings.Finish();
        faults.Length.ShouldBe(2);
        faults.ShouldAllBe(fault => !fault.ToString().Contains("hunter2"));
    }

    public void Dispose()
    {
        loggers.Dispose();
        folder.Dispose();
    }

    private PluginProvider Make(string manner, string? secret = null, int restartAfter = 10_000, int processes = 1, params ImmutableArray<(string Name, string Value)> more)
    {
        var options = new PluginOptions
        {
            Program = Programs.Executable("Plugins/odd_plugin.py"),
            Values = ImmutableDictionary<string, string>.Empty.Add("manner", manner).AddRange((more.IsDefault ? [] : more).Select(setting => KeyValuePair.Create(setting.Name, setting.Value))),
            Secrets = secret is null ? ImmutableDictionary<string, string>.Empty : ImmutableDictionary<string, string>.Empty.Add("key", "file:" + folder.Write("key", secret)),
            RestartAfter = restartAfter,
            Processes = processes,
        };
        return new PluginProvider(options, Any.Context(clock, loggers));
    }

    private static async Task<Preparation.Found> FindAsync(PluginProvider provider)
    {
        var preparation = await provider.PrepareAsync(Any.Query("anna"), Token);
        return preparation.ShouldBeOfType<Preparation.Found>($"{preparation}");
    }

    private static async Task<DeliveryOutcome> SetAsync(PluginProvider provider, string account)
    {
        using var password = Any.Secret(Canary);
        return await provider.SetPasswordAsync(Any.Set(Any.Target(account), null, TimeProvider.System), password, Token);
    }
}
