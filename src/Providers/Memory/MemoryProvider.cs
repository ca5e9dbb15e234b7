using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Stamps;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Memory;

/// <summary>Sets passwords in a <see cref="MemoryTarget"/>, by the login that equals the source's sAMAccountName. For tests.</summary>
/// <param name="target">The target; the provider does not own it.</param>
/// <param name="time">The clock.</param>
/// <param name="script">Asked at each step; null if nothing is to go wrong.</param>
public sealed class MemoryProvider(MemoryTarget target, TimeProvider time, MemoryScript? script) : IProvider
{
    public ProviderDescription Description { get; } = new(
        "memory", new PasswordLimits(target.PasswordLengthMin, 256, NeedsWellFormedText: false, AllowedCharacters: null, HistoryLength: 0),
        target.ShowsMarks, CanProbeBySignIn: true, ReportsWrittenStamp: target.AsSource is not null);

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var login = query.Names.SamAccountName;
        if (await AskAsync(MemoryStep.Prepare, login, query.CaptureId, cancellationToken) is { } obstacle) return new Preparation.Obstacle(obstacle);
        return target.Find(login) switch
        {
            [] => new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound($"No account has the login '{login}'.")),
            [var key] => new Preparation.Found(new TargetAccount(key, login, AsSourceAccount(key)), MarkOf(key)),
            var keys => new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound($"ambiguous: {keys.Length} accounts have the login '{login}'.")),
        };
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        cancellationToken.ThrowIfCancellationRequested();
        var (key, name) = (request.Target.Key, request.Target.DisplayName);
        if (await AskAsync(MemoryStep.BeforeWrite, name, request.CaptureId, cancellationToken) is { } before) return before;
        if (PasswordRules.Check(password, Description.Limits) is { } policy) return policy;
        if (request.Permit.Use(target.Server) is { } refusal) return refusal;
        if (await AskAsync(MemoryStep.Writing, name, request.CaptureId, cancellationToken) is { } instead) return instead;
        if (target.Write(key, password.Reveal(), request.CaptureId, time.GetUtcNow()) is not var (version, second))
        {
            return new DeliveryOutcome.AccountNotFound($"The account '{name}' is gone.");
        }

        Stamp? written = target.AsSource is null ? null : new Stamp(Generation: 0, version, second, target.InvocationId);
        return await AskAsync(MemoryStep.AfterWrite, name, request.CaptureId, cancellationToken) ?? new DeliveryOutcome.Delivered(MarkOf(key), written);
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var key = request.Target.Key;
        if (await AskAsync(MemoryStep.Probe, request.Target.DisplayName, null, cancellationToken) is { } trouble)
        {
            return new ProbeVerdict.Inconclusive(trouble.Explain() ?? "The script says so.");
        }

        var mark = MarkOf(key);
        var comparison = (request.Against, mark) switch
        {
            (null, _) or (_, null) => MarkComparison.Unknown,
            var (against, now) => against == now ? MarkComparison.Same : MarkComparison.Different,
        };
        return await ProbeProcedure.RunAsync(request.Kind, comparison, SignInAsync, () => new ProbeVerdict.Present(mark, null));

        Task<SignInResult> SignInAsync() => Task.FromResult<SignInResult>(target.Has(key, password.Reveal()) switch
        {
            true => new SignInResult.Accepted(),
            false => new SignInResult.WrongPassword(),
            null => new SignInResult.Unclear("The account is gone."),
        });
    }

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) =>
        await AskAsync(MemoryStep.Verify, "", null, cancellationToken) is { } trouble
            ? new VerificationReport([VerificationCheck.Failed("reachability", trouble.Explain() ?? "The script says so.", "Change the script.")])
            : new VerificationReport([VerificationCheck.Passed("reachability", "The target is in memory.")]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private TargetMark? MarkOf(string key) => target.MarkOf(key) is { } mark ? new TargetMark(mark) : null;

    private AccountId? AsSourceAccount(string key) => target.AsSource is { } source ? new AccountId(source, Guid.Parse(key)) : null;

    private async Task<DeliveryOutcome?> AskAsync(MemoryStep step, string account, CaptureId? captureId, CancellationToken cancellationToken) =>
        script is null ? null : await script(new MemoryCall(step, account, captureId), cancellationToken);
}

/// <summary>Makes memory providers by the setting <c>target</c>, the name of one of the given targets.</summary>
public sealed class MemoryProviderFactory(IReadOnlyDictionary<string, MemoryTarget> targets, MemoryScript? script) : IProviderFactory
{
    public string Kind => "memory";

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(context);
        var names = string.Join(", ", targets.Keys.Order(StringComparer.Ordinal));
        var name = settings.Text("target", $"Name one of the targets: {names}.");
        if (targets.TryGetValue(name, out var target)) return new MemoryProvider(target, context.Time, script);
        if (name.Length > 0) settings.Reject("target", $"Name one of the targets: {names}.");
        return null;
    }
}
