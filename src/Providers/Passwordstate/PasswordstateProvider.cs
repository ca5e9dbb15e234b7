using System.Globalization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Passwordstate;

/// <summary>Keeps records of a password list equal to the source's passwords. What is there is told by reading it back.</summary>
public sealed class PasswordstateProvider : IProvider
{
    private const int PasswordLengthMax = 256;

    private readonly PasswordstateOptions options;
    private readonly TimeProvider time;
    private readonly PasswordstateClient client;

    public PasswordstateProvider(PasswordstateOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        time = context.Time;
        client = new PasswordstateClient(options, context);
        Description = new ProviderDescription(
            PasswordstateProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: 0),
            ShowsMark: false, CanProbeBySignIn: true, ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        var (record, missing) = await AccountSearch.AskAsync(options.Match, query, (rule, value) => client.FindAsync(rule, value, cancellationToken));
        return record is null
            ? new Preparation.Obstacle(missing!)
            : new Preparation.Found(new TargetAccount(record.Id.ToString(CultureInfo.InvariantCulture), record.Name, AsSourceAccount: null), Mark: null);
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return refusal;
        var (answer, failure) = await client.WriteAsync(IdOf(request.Target), password, request.Permit, cancellationToken);
        if (answer is null) return failure!;
        return answer.IsSuccess
            ? new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null)
            : PasswordstateResponses.Classify(answer, request.Permit, time.GetUtcNow(), text => Redactor.Redact(text, password));
    }

    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ProbeProcedure.RunAsync(request.Kind, MarkComparison.Unknown, CheckAsync, () => new ProbeVerdict.Present(Mark: null, WrittenStamp: null));

        async Task<SignInResult> CheckAsync() => await client.CheckAsync(IdOf(request.Target), password, cancellationToken) switch
        {
            (true, _) => new SignInResult.Accepted(),
            (false, _) => new SignInResult.WrongPassword(),
            (null, var reason) => new SignInResult.Unclear(reason!),
        };
    }

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        var (_, trouble) = await client.FindAsync(options.Match[0], $"nobody-{Guid.NewGuid():N}", cancellationToken);
        return new VerificationReport(
        [
            trouble is null
                ? VerificationCheck.Passed("records", $"The records of list {options.List} can be searched at {options.Http.Server}.")
                : VerificationCheck.Failed("records", trouble.Explain()!, "Check url, apiKey, list and trustedRoots."),
            VerificationCheck.NotRun("rights", "Passwordstate does not tell whether a key may update records.", "See the first deliveries."),
        ]);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static int IdOf(TargetAccount target) => int.Parse(target.Key, CultureInfo.InvariantCulture);
}
