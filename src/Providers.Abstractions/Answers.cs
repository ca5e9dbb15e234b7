using PasswordSync.Providers.Abstractions.Protocol;

namespace PasswordSync.Providers.Abstractions;

/// <summary>What looking for an account came to. Reasons are for people and must not hold a password.</summary>
public sealed class FindAnswer
{
    private FindAnswer(PluginAnswer wire) => Wire = wire;

    internal PluginAnswer Wire { get; }

    /// <summary>Exactly one account matches.</summary>
    /// <param name="account">The account.</param>
    /// <param name="mark">The target's own version or last-change time of its password: any text that changes with every set; null if it shows none.</param>
    public static FindAnswer Found(TargetAccount account, string? mark)
    {
        ArgumentNullException.ThrowIfNull(account);
        return new FindAnswer(new PluginAnswer(AnswerWord.Found) { Key = account.Key, Name = account.Name, Mark = mark });
    }

    /// <summary>No account matches, or more than one does.</summary>
    public static FindAnswer NotFound(string reason) => new(new PluginAnswer(AnswerWord.NotFound) { Reason = reason });

    /// <summary>The target cannot be asked now; trying again can help.</summary>
    public static FindAnswer Transient(string reason) => new(new PluginAnswer(AnswerWord.Transient) { Reason = reason });

    /// <summary>The target asks for a pause.</summary>
    public static FindAnswer Throttled(TimeSpan retryAfter, string reason) => new(PluginAnswer.Pause(retryAfter, reason));

    /// <summary>Settings, credentials or rights are wrong; an operator must act.</summary>
    public static FindAnswer Misconfigured(string reason) => new(new PluginAnswer(AnswerWord.Misconfigured) { Reason = reason });
}

/// <summary>How setting a password ended. Reasons are for people and must not hold the password.</summary>
public sealed class WriteAnswer
{
    private WriteAnswer(PluginAnswer wire) => Wire = wire;

    internal PluginAnswer Wire { get; }

    /// <summary>The target took it.</summary>
    /// <param name="mark">The mark after the write; null if the target shows none.</param>
    public static WriteAnswer Delivered(string? mark) => new(new PluginAnswer(AnswerWord.Delivered) { Mark = mark });

    /// <summary>It had this very change already.</summary>
    public static WriteAnswer AlreadyThere(string? mark) => new(new PluginAnswer(AnswerWord.AlreadyThere) { Mark = mark });

    /// <summary>The target's rules refuse this password; trying again cannot help.</summary>
    public static WriteAnswer RefusedByPolicy(string reason) => new(new PluginAnswer(AnswerWord.RefusedByPolicy) { Reason = reason });

    /// <summary>The account is gone.</summary>
    public static WriteAnswer NotFound(string reason) => new(new PluginAnswer(AnswerWord.NotFound) { Reason = reason });

    /// <summary>It could not be done now and certainly was not done.</summary>
    public static WriteAnswer Transient(string reason) => new(new PluginAnswer(AnswerWord.Transient) { Reason = reason });

    /// <summary>The target asks for a pause; nothing was written.</summary>
    public static WriteAnswer Throttled(TimeSpan retryAfter, string reason) => new(PluginAnswer.Pause(retryAfter, reason));

    /// <summary>Settings, credentials or rights are wrong; nothing was written.</summary>
    public static WriteAnswer Misconfigured(string reason) => new(new PluginAnswer(AnswerWord.Misconfigured) { Reason = reason });

    /// <summary>It may or may not have been done: no answer came after something was sent.</summary>
    public static WriteAnswer Unknown(string reason) => new(new PluginAnswer(AnswerWord.Unknown) { Reason = reason });
}

/// <summary>Whether a password is in the target.</summary>
public sealed class ProbeAnswer
{
    private ProbeAnswer(PluginAnswer wire) => Wire = wire;

    internal PluginAnswer Wire { get; }

    /// <param name="mark">The mark now; null if the target shows none.</param>
    public static ProbeAnswer Present(string? mark) => new(new PluginAnswer(AnswerWord.Present) { Mark = mark });

    public static ProbeAnswer Absent() => new(new PluginAnswer(AnswerWord.Absent));

    public static ProbeAnswer CannotTell(string reason) => new(new PluginAnswer(AnswerWord.CannotTell) { Reason = reason });
}

/// <summary>What checking the settings came to.</summary>
public sealed class CheckAnswer
{
    private CheckAnswer(PluginAnswer wire) => Wire = wire;

    internal PluginAnswer Wire { get; }

    /// <param name="finding">What was found, for people.</param>
    public static CheckAnswer Good(string finding) => new(new PluginAnswer(AnswerWord.Good) { Reason = finding });

    /// <param name="finding">What is wrong.</param>
    /// <param name="remedy">What to do about it.</param>
    public static CheckAnswer Bad(string finding, string remedy) => new(new PluginAnswer(AnswerWord.Bad) { Reason = finding, Remedy = remedy });
}
