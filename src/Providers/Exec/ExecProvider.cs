using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Processes;

namespace PasswordSync.Providers.Exec;

/// <summary>
/// Starts a program for each password; it gets the password in JSON on its standard input, never as an argument and never in its environment. When the call's
/// time is over, it is killed with all it started. The conventions are in <c>docs/providers/exec.md</c>.
/// </summary>
public sealed class ExecProvider : IProvider
{
    private const int PasswordLengthMax = 256;
    private const int KeyLengthMax = 512;

    private static readonly Secret NoPassword = Secret.FromCharacters("");

    private readonly ExecOptions options;
    private readonly ProviderContext context;
    private readonly ExecRequest requests;

    public ExecProvider(ExecOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        this.context = context;
        requests = new ExecRequest(context.Point.Value, options);
        Description = new ProviderDescription(
            ExecProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: null),
            ShowsMark: Can(ExecAction.Find), CanProbeBySignIn: Can(ExecAction.Probe), ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        if (!Can(ExecAction.Find)) return NameFromSource(query);
        using var request = requests.Find(query);
        var (answer, fault) = await RunAsync(request, NoPassword, cancellationToken);
        if (answer is null) return new Preparation.Obstacle(fault!);
        if (answer.ExitCode != ExecExit.Done) return new Preparation.Obstacle(answer.CommonOutcome(context.Time.GetUtcNow()) ?? new DeliveryOutcome.Transient(answer.Reason));
        return answer.Details is { Key: { Length: > 0 and <= KeyLengthMax } key } details
            ? new Preparation.Found(new TargetAccount(key, details.Name is { Length: > 0 } name ? name : key, AsSourceAccount: null), answer.Mark)
            : new Preparation.Obstacle(new DeliveryOutcome.TargetMisconfigured($"The program found an account but did not print {{\"key\":\"…\"}} with 1 to {KeyLengthMax} characters to standard output."));
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return refusal;
        if (FaultOfProgram() is { } fault) return fault;
        using var input = requests.Set(request, password);
        cancellationToken.ThrowIfCancellationRequested();
        if (request.Permit.Use() is { } late) return late;
        var (answer, notStarted) = await RunAsync(input, password, cancellationToken);
        return answer?.ExitCode switch
        {
            null => notStarted!,
            ExecExit.Done => new DeliveryOutcome.Delivered(answer.Mark, WrittenStamp: null),
            ExecExit.AlreadyThere => new DeliveryOutcome.AlreadyThere(answer.Mark, WrittenStamp: null),
            ExecExit.RefusedByPolicy => new DeliveryOutcome.RefusedByPolicy(answer.Reason),
            _ => answer.CommonOutcome(context.Time.GetUtcNow()) ?? new DeliveryOutcome.Unknown(answer.Reason),
        };
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (!Can(ExecAction.Probe)) return new ProbeVerdict.Inconclusive("The program cannot be asked (actions); it is started again with the same capture id.");
        if (!password.IsWellFormed) return new ProbeVerdict.Absent();
        using var input = requests.Probe(request, password);
        var (answer, fault) = await RunAsync(input, password, cancellationToken);
        return answer?.ExitCode switch
        {
            null => new ProbeVerdict.Inconclusive(fault!.Explain()!),
            ExecExit.Done => new ProbeVerdict.Present(answer.Mark, WrittenStamp: null),
            ExecExit.Absent => new ProbeVerdict.Absent(),
            _ => new ProbeVerdict.Inconclusive(answer.Reason),
        };
    }

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        if (FaultOfProgram() is { } fault) return new VerificationReport([VerificationCheck.Failed("program", fault.Explain()!, "Check program and powerShell, and the rights of the files.")]);
        var program = VerificationCheck.Passed("program", $"{options.Program} can be started.");
        if (!Can(ExecAction.Verify)) return new VerificationReport([program, VerificationCheck.NotRun("target", "The program does not verify (actions).", "Add verify to actions if the program can.")]);
        using var input = requests.Verify();
        var (answer, notStarted) = await RunAsync(input, NoPassword, cancellationToken);
        return new VerificationReport(
        [
            program,
            answer is { ExitCode: ExecExit.Done }
                ? VerificationCheck.Passed("target", "The program says that all is well.")
                : VerificationCheck.Failed("target", answer?.Reason ?? notStarted!.Explain()!, "What the program says is in docs of its own."),
        ]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool Can(ExecAction action) => options.Actions.Contains(action);

    private Preparation NameFromSource(TargetQuery query)
    {
        var name = new MatchRule(options.Account, "account").ValueOf(query);
        return name is null
            ? new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound($"The source's account has no {MatchRule.NameOf(options.Account)}, which this program gets (account)."))
            : new Preparation.Found(new TargetAccount(name, name, AsSourceAccount: null), Mark: null);
    }

    private DeliveryOutcome.TargetMisconfigured? FaultOfProgram()
    {
        var fault = ProgramFile.FaultOf(options.File, isExecutable: true) ?? (options.IsScript ? ProgramFile.FaultOf(options.Program, isExecutable: false) : null);
        return fault is null ? null : new DeliveryOutcome.TargetMisconfigured(fault);
    }

    private async Task<(ExecAnswer? Answer, DeliveryOutcome? NotStarted)> RunAsync(PasswordJson input, Secret password, CancellationToken cancellationToken)
    {
        if (FaultOfProgram() is { } fault) return (null, fault);
        return await ProgramRun.RunAsync(options.File, options.Arguments, environment: null, input.Bytes, cancellationToken) switch
        {
            ProgramResult.NotStarted notStarted => (null, new DeliveryOutcome.TargetMisconfigured(notStarted.Reason)),
            ProgramResult.Ended ended => (ExecAnswer.Of(ended, password), null),
            var other => throw new InvalidOperationException($"Internal error: unknown result {other.GetType().Name}."),
        };
    }
}
