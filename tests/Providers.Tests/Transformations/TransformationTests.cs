using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Settings;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Memory;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Transformations;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Transformations;

public sealed class TransformationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("upper=true", "Grüße-a\ud83d", "GRÜßE-A\ud83d")]
    [InlineData("lower=true", "ÄBC\U00010400", "äbc\U00010428")]
    [InlineData("remove=-_ ", "a-b_c d", "abcd")]
    [InlineData("substitute=ä,with=ae", "äpfelä", "aepfelae")]
    [InlineData("substitute=aa,with=a", "aaaaa", "aaa")]
    [InlineData("pad=8,with=x", "abc", "abcxxxxx")]
    [InlineData("pad=3,with=x", "abcd", "abcd")]
    [InlineData("truncate=3", "abcdef", "abc")]
    [InlineData("truncate=3", "ab\U0001F511", "ab")]
    [InlineData("truncate=4", "ab\U0001F511", "ab\U0001F511")]
    [InlineData("upper=true;remove=X;truncate=4;pad=6,with=z", "axbcdef", "ABCDzz")]
    public void A_pipeline_changes_a_password_step_by_step(string steps, string text, string expected)
    {
        var pipeline = Read(steps).Pipeline.ShouldNotBeNull();
        using var password = Any.Secret(text);

        using var changed = pipeline.Apply(password).ShouldNotBeNull();

        changed.Reveal().ToString().ShouldBe(expected);
        password.Reveal().ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("remove=abc", "abcba")]
    [InlineData("substitute=a,with=aaaaaaaaaa;substitute=a,with=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaa")]
    public void A_password_of_which_nothing_is_left_or_that_grows_without_measure_is_refused(string steps, string text)
    {
        using var password = Any.Secret(text);

        Read(steps).Pipeline.ShouldNotBeNull().Apply(password).ShouldBeNull();
    }

    [Theory]
    [InlineData("upper=true;lower=true", "never has an effect")]
    [InlineData("upper=true;remove=abc", "never has an effect")]
    [InlineData("lower=true;substitute=AB,with=x", "never has an effect")]
    [InlineData("pad=8,with=x;pad=6,with=y", "never has an effect")]
    [InlineData("truncate=8;truncate=10", "never has an effect")]
    [InlineData("upper=false", "Use true")]
    [InlineData("upper=true,lower=true", "one transformation each")]
    [InlineData("pad=8", "one character")]
    [InlineData("pad=8,with=xy", "one character")]
    [InlineData("substitute=a", "characters")]
    [InlineData("truncate=0", "whole number")]
    [InlineData("with=a", "Give one of upper")]
    [InlineData("uper=true", "Give one of upper")]
    public void A_pipeline_with_a_mistake_is_refused_with_what_to_change(string steps, string remedy)
    {
        Read(steps).Faults.ShouldContain(fault => fault.Remedy.Contains(remedy, StringComparison.Ordinal), string.Join('\n', Read(steps).Faults));
    }

    [Theory]
    [InlineData("upper=true;substitute=A,with=a;remove=a")]
    [InlineData("upper=true;pad=8,with=x;remove=x")]
    [InlineData("truncate=8;pad=10,with=x;truncate=9")]
    public void A_step_that_undoes_what_an_earlier_one_brought_has_an_effect(string steps) => Read(steps).Faults.ShouldBeEmpty();

    [Theory]
    [InlineData("truncate=4", "at most 4")]
    [InlineData("upper=true;truncate=7", "at most 7")]
    public void A_pipeline_whose_results_the_target_never_takes_is_refused(string steps, string found)
    {
        using var target = new MemoryTarget { PasswordLengthMin = 8 };

        var refused = Create(target, steps).ShouldBeOfType<ProviderCreation.Refused>();

        refused.Faults.ShouldHaveSingleItem().Remedy.ShouldContain(found);
    }

    [Fact]
    public async Task A_target_gets_and_is_asked_for_the_transformed_password_only_and_a_verification_warns()
    {
        using var target = new MemoryTarget();
        target.Add("anna");
        await using var provider = Create(target, "upper=true;truncate=8").ShouldBeOfType<ProviderCreation.Created>().Provider;
        var found = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("n3w.Passw0rd!");

        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).IsSuccess.ShouldBeTrue();

        target.SignIn("anna", "N3W.PASS").ShouldBeTrue();
        (await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, null), password, Token)).ShouldBeOfType<ProbeVerdict.Present>();
        var warning = (await provider.VerifyAsync(Token)).Checks.Single(check => check.Result == VerificationResult.Warned);
        warning.Finding.ShouldContain("upper, truncate 8");
    }

    [Fact]
    public async Task The_transformed_password_is_wiped_after_the_call()
    {
        Secret? seen = null;
        var stub = new StubProvider
        {
            OnSet = (_, password, _) =>
            {
                seen = password;
                password.Reveal().ToString().ShouldBe("ABC");
                return Task.FromResult<DeliveryOutcome>(new DeliveryOutcome.Delivered(null, null));
            },
        };
        await using var provider = new TransformingProvider(stub, Read("upper=true").Pipeline!);
        using var password = Any.Secret("abc");

        (await provider.SetPasswordAsync(Any.Set(Any.Target("anna"), null, TimeProvider.System), password, Token)).IsSuccess.ShouldBeTrue();

        Should.Throw<ObjectDisposedException>(() => seen!.Reveal().Length);
        password.Reveal().ToString().ShouldBe("abc");
    }

    [Fact]
    public void Lengths_at_the_end_are_never_outside_what_was_computed()
    {
        var random = new Random(11);
        string[] steps = ["upper=true", "remove=ab", "substitute=ab,with=a", "substitute=a,with=bcd", "pad=7,with=x", "pad=12,with=y", "truncate=5", "truncate=9", "lower=true"];
        for (var round = 0; round < 2_000; round++)
        {
            var chosen = Enumerable.Range(0, random.Next(1, 5)).Select(_ => steps[random.Next(steps.Length)]);
            var pipeline = new TransformationPipeline([.. chosen.SelectMany(step => Read(step).Pipeline!.Steps)]);
            using var password = Any.Secret(new string([.. Enumerable.Range(0, random.Next(0, 20)).Select(_ => "abCD1\ud83d\udd11"[random.Next(7)])]));
            using var changed = pipeline.Apply(password);
            (changed?.Length ?? pipeline.Lengths.Min).ShouldBeInRange(pipeline.Lengths.Min, pipeline.Lengths.Max, pipeline.ToString());
        }
    }

    private static ProviderCreation Create(MemoryTarget target, string steps)
    {
        var registry = new ProviderRegistry([new MemoryProviderFactory(new Dictionary<string, MemoryTarget> { ["it"] = target }, script: null)]);
        return registry.Create("memory", new Dictionary<string, string>(Settings(steps)) { ["target"] = "it" }, Any.Context(TimeProvider.System));
    }

    private static (TransformationPipeline? Pipeline, ImmutableArray<SettingFault> Faults) Read(string steps)
    {
        var reader = new SettingsReader(Settings(steps));
        return (TransformationPipeline.Read(reader), reader.Finish());
    }

    /// <summary>Steps are divided by semicolons, the settings of a step by commas.</summary>
    private static Dictionary<string, string> Settings(string steps) => steps.Split(';')
        .SelectMany((step, i) => step.Split(',').Select(setting => setting.Split('=')).Select(parts => ($"transform:{i}:{parts[0]}", parts[1])))
        .ToDictionary(pair => pair.Item1, pair => pair.Item2);
}
