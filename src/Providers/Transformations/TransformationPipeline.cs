using System.Collections.Immutable;
using System.Security.Cryptography;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Transformations;

/// <summary>The transformations of a sync point, in their order.</summary>
public sealed class TransformationPipeline
{
    /// <summary>The most transformations that a sync point may have.</summary>
    public const int StepsMax = 8;

    /// <summary>The longest text between two steps and at the end, in UTF-16 code units; what would be longer is refused.</summary>
    public const int LengthMax = 1_024;

    /// <summary>The longest text in a setting, in UTF-16 code units.</summary>
    internal const int TextLengthMax = 64;

    /// <summary>The longest password that a source sets.</summary>
    private const int SourceLengthMax = 256;

    public TransformationPipeline(ImmutableArray<Transformation> steps) => Steps = steps;

    public ImmutableArray<Transformation> Steps { get; }

    /// <summary>How long passwords can be at the end.</summary>
    internal (int Min, int Max) Lengths => Steps.Aggregate((Min: 0, Max: SourceLengthMax), (range, step) => step.Lengths(range.Min, range.Max));

    /// <summary>Reads <c>transform:0</c>, <c>transform:1</c>, …; null if there are none.</summary>
    public static TransformationPipeline? Read(SettingsReader settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var steps = ImmutableArray.CreateBuilder<Transformation>();
        for (var i = 0; settings.HasGroup($"transform:{i}"); i++)
        {
            if (i == StepsMax)
            {
                settings.Reject("transform", $"Use at most {StepsMax} transformations.");
                break;
            }

            if (TransformationSettings.Read(settings, $"transform:{i}") is { } step) steps.Add(step);
        }

        var pipeline = steps.Count > 0 ? new TransformationPipeline(steps.ToImmutable()) : null;
        if (pipeline is not null && settings.IsGood) pipeline.RejectWhatHasNoEffect(settings);
        return pipeline;
    }

    /// <summary>Refuses a pipeline whose results the target never takes.</summary>
    internal void RejectWhatNeverFits(SettingsReader settings, PasswordLimits limits)
    {
        var (min, max) = Lengths;
        if (max < limits.LengthMin) settings.Reject("transform", $"Every password would be refused: it has at most {max} characters at the end, and the target takes {limits.LengthMin} or more. Truncate later, or pad.");
        if (min > limits.LengthMax) settings.Reject("transform", $"Every password would be refused: it has at least {min} characters at the end, and the target takes {limits.LengthMax} at most. Pad less, or truncate.");
    }

    /// <summary>The changed password, which the caller owns; null if it became empty or longer than <see cref="LengthMax"/>.</summary>
    public Secret? Apply(Secret password)
    {
        ArgumentNullException.ThrowIfNull(password);
        var (from, to) = (GC.AllocateUninitializedArray<char>(LengthMax, pinned: true), GC.AllocateUninitializedArray<char>(LengthMax, pinned: true));
        try
        {
            if (!password.Reveal().TryCopyTo(from)) return null;
            var length = password.Length;
            foreach (var step in Steps)
            {
                length = step.Apply(from.AsSpan(0, length), to);
                if (length < 0) return null;
                (from, to) = (to, from);
            }

            return length == 0 ? null : Secret.FromCharacters(from.AsSpan(0, length));
        }
        finally
        {
            Wipe(from);
            Wipe(to);
        }
    }

    public override string ToString() => string.Join(", ", Steps);

    /// <summary>A step that can do nothing after the ones before it is a mistake in the order.</summary>
    private void RejectWhatHasNoEffect(SettingsReader settings)
    {
        for (var i = 1; i < Steps.Length; i++)
        {
            var before = new TransformationPipeline(Steps[..i]);
            var (min, max) = before.Lengths;
            var lastCase = before.Steps.OfType<Transformation.Case>().LastOrDefault();
            var why = Steps[i] switch
            {
                Transformation.Case when Steps[i - 1] is Transformation.Case => "the one before it sets the case, too",
                Transformation.Pad pad when pad.Length <= min => $"passwords have {min} characters or more there",
                Transformation.Truncate truncate when truncate.Length >= max => $"passwords have {max} characters at most there",
                Transformation.Remove remove when lastCase is not null && before.NeverBrings(remove.Characters, lastCase) => $"after {lastCase} there are none of these characters",
                Transformation.Substitute substitute when lastCase is not null && before.NeverBrings(substitute.From, lastCase) => $"after {lastCase} this text does not occur",
                _ => null,
            };
            if (why is not null) settings.Reject($"transform:{i}", $"'{Steps[i]}' never has an effect: {why}. Remove it, or change the order.");
        }
    }

    /// <summary>Whether none of these characters can be there after the case was set and nothing brought them back.</summary>
    private bool NeverBrings(string characters, Transformation.Case lastCase) =>
        characters.All(c => lastCase.ToUpper ? char.IsLower(c) && char.ToUpperInvariant(c) != c : char.IsUpper(c) && char.ToLowerInvariant(c) != c)
        && !Steps.SkipWhile(step => !ReferenceEquals(step, lastCase)).Any(step => step is Transformation.Substitute substitute && substitute.With.Any(characters.Contains) || step is Transformation.Pad pad && characters.Contains(pad.With));

    private static void Wipe(char[] buffer) => CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(buffer.AsSpan()));
}
