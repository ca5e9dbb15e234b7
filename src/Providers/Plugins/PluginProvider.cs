using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Abstractions;
using PasswordSync.Providers.Abstractions.Protocol;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Policies;
using PasswordSync.Providers.Redaction;
using TargetAccount = PasswordSync.Core.Deliveries.TargetAccount;

namespace PasswordSync.Providers.Plugins;

/// <summary>Hands passwords to a provider of the customer's own, which runs as a process of its own: docs/spec/plugin-protocol.md.</summary>
public sealed class PluginProvider : IProvider
{
    private const int PasswordLengthMax = 256, KeyLengthMax = 512, MarkLengthMax = 256;

    private static readonly Secret NoPassword = Secret.FromCharacters("");
    private static readonly TimeSpan PauseByDefault = TimeSpan.FromSeconds(30), PauseMax = TimeSpan.FromHours(1);

    private readonly ProviderContext context;
    private readonly PluginPool pool;

    public PluginProvider(PluginOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.context = context;
        pool = new PluginPool(options, context);
    }

    /// <summary>As far as it is known before the plug-in runs; what it says itself is checked at each password.</summary>
    public ProviderDescription Description { get; } = new(
        PluginProviderFactory.KindName,
        new PasswordLimits(0, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: null),
        ShowsMark: true, CanProbeBySignIn: true, ReportsWrittenStamp: false);

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var account = new SourceAccount(
            query.Account.Source.Value, query.Account.ObjectGuid, query.Names.DistinguishedName, query.Names.SamAccountName, query.Names.UserPrincipalName, query.Names.Mail);
        var (answer, obstacle) = await AskAsync(new PluginRequest(0, RequestWord.Find) { Find = account }, cancellationToken);
        return answer switch
        {
            null => new Preparation.Obstacle(obstacle!),
            { Word: AnswerWord.Found, Key: { Length: > 0 and <= KeyLengthMax } key } => new Preparation.Found(new TargetAccount(key, answer.Name is { Length: > 0 } name ? name : key, AsSourceAccount: null), MarkOf(answer)),
            _ => new Preparation.Obstacle(CommonOutcome(answer, NoPassword) ?? Unfit(answer)),
        };
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return refusal;
        var change = new PasswordChange(Known(request.Target), request.CaptureId.Value, request.MustChangeAtNextLogon, request.Baseline?.Value);
        var (answer, obstacle) = await pool.AskAsync(
            new PluginRequest(0, RequestWord.Set) { Set = change }, password, request.Permit, target => PasswordRules.Check(password, LimitsOf(target)), waitsForPause: true, cancellationToken);
        return answer?.Word switch
        {
            null => obstacle!,
            AnswerWord.Delivered => new DeliveryOutcome.Delivered(MarkOf(answer), WrittenStamp: null),
            AnswerWord.AlreadyThere => new DeliveryOutcome.AlreadyThere(MarkOf(answer), WrittenStamp: null),
            AnswerWord.RefusedByPolicy => new DeliveryOutcome.RefusedByPolicy(ReasonOf(answer, password)),
            AnswerWord.Unknown => new DeliveryOutcome.Unknown(ReasonOf(answer, password)),
            _ => CommonOutcome(answer, password) ?? new DeliveryOutcome.Unknown(Unfit(answer).Reason),
        };
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (!password.IsWellFormed) return new ProbeVerdict.Absent();
        var question = new ProbeQuestion(Known(request.Target), request.Kind == AttemptKind.Recheck, request.Against?.Value);
        var (answer, obstacle) = await pool.AskAsync(
            new PluginRequest(0, RequestWord.Probe) { Probe = question },
            password,
            permit: null,
            target => target.CanProbe ? null : new DeliveryOutcome.Transient("The plug-in cannot tell whether a password is there; it is asked to set it again."),
            waitsForPause: true,
            cancellationToken);
        return answer?.Word switch
        {
            null => new ProbeVerdict.Inconclusive(obstacle!.Explain()!),
            AnswerWord.Present => new ProbeVerdict.Present(MarkOf(answer), WrittenStamp: null),
            AnswerWord.Absent => new ProbeVerdict.Absent(),
            _ => new ProbeVerdict.Inconclusive(ReasonOf(answer, password)),
        };
    }

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        TargetDescription? described = null;
        var (answer, obstacle) = await pool.AskAsync(
            new PluginRequest(0, RequestWord.Verify),
            password: null,
            permit: null,
            target =>
            {
                described = target;
                return null;
            },
            waitsForPause: false,
            cancellationToken);
        if (described is null) return new VerificationReport([VerificationCheck.Failed("plug-in", obstacle!.Explain()!, "Check program, plugin and pluginSecrets; start the plug-in by hand to see what it prints.")]);
        return new VerificationReport(
        [
            VerificationCheck.Passed("plug-in", $"It runs and takes passwords of {described.LengthMin} to {described.LengthMax} characters."),
            answer is { Word: AnswerWord.Good }
                ? VerificationCheck.Passed("target", ReasonOf(answer, NoPassword))
                : VerificationCheck.Failed("target", answer is null ? obstacle!.Explain()! : ReasonOf(answer, NoPassword), Redactor.Redact(answer?.Remedy ?? "See the plug-in's own documentation.", NoPassword)),
        ])
        {
            Policies = [PasswordPolicy.Of(LimitsOf(described)) with { Name = "what the plug-in says of the target" }],
        };
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    private Task<PluginReply> AskAsync(PluginRequest request, CancellationToken cancellationToken) =>
        pool.AskAsync(request, password: null, permit: null, check: null, waitsForPause: true, cancellationToken);

    /// <summary>The answers that mean the same whatever was asked.</summary>
    private DeliveryOutcome? CommonOutcome(PluginAnswer answer, Secret password) => answer.Word switch
    {
        AnswerWord.NotFound => new DeliveryOutcome.AccountNotFound(ReasonOf(answer, password)),
        AnswerWord.Transient => new DeliveryOutcome.Transient(ReasonOf(answer, password)),
        AnswerWord.Misconfigured => new DeliveryOutcome.TargetMisconfigured(ReasonOf(answer, password)),
        AnswerWord.Throttled => new DeliveryOutcome.Throttled(context.Time.GetUtcNow() + PauseOf(answer), ReasonOf(answer, password)),
        _ => null,
    };

    private static TimeSpan PauseOf(PluginAnswer answer) =>
        answer.RetryAfterSeconds is { } seconds and >= 0 ? TimeSpan.FromSeconds(Math.Min(seconds, PauseMax.TotalSeconds)) : PauseByDefault;

    private static DeliveryOutcome.TargetMisconfigured Unfit(PluginAnswer answer) => new($"The plug-in's answer ({answer.Word}) does not fit what it was asked; its author must correct it.");

    private static string ReasonOf(PluginAnswer answer, Secret password) =>
        string.IsNullOrEmpty(answer.Reason) ? $"The plug-in answered {answer.Word} and gave no reason." : Redactor.Redact(answer.Reason, password);

    private static Core.Deliveries.TargetMark? MarkOf(PluginAnswer answer) => answer.Mark is { Length: > 0 and <= MarkLengthMax } mark ? new TargetMark(mark) : null;

    private static Abstractions.TargetAccount Known(TargetAccount account) => new(account.Key, account.DisplayName);

    private static PasswordLimits LimitsOf(TargetDescription target) =>
        new(target.LengthMin, Math.Min(target.LengthMax, PasswordLengthMax), NeedsWellFormedText: true, target.AllowedCharacters, target.HistoryLength);
}
