using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Secrets;

namespace PasswordSync.SyncNode.Operations;

/// <summary>A request as it came: values by parameter, and secrets apart from them. Owns the secrets.</summary>
public sealed class OperationRequest(ImmutableDictionary<string, ImmutableArray<string>> values, ImmutableDictionary<string, Secret> secrets) : IDisposable
{
    public static OperationRequest Empty { get; } = new(ImmutableDictionary<string, ImmutableArray<string>>.Empty, ImmutableDictionary<string, Secret>.Empty);

    public ImmutableDictionary<string, ImmutableArray<string>> Values { get; } = values;

    public ImmutableDictionary<string, Secret> Secrets { get; } = secrets;

    public void Dispose()
    {
        foreach (var secret in Secrets.Values) secret.Dispose();
    }
}

/// <summary>A request that fits its operation, and who makes it.</summary>
public sealed partial class OperationCall
{
    /// <summary>The longest value, in characters.</summary>
    public const int ValueLengthMax = 2_048;

    /// <summary>How often a repeatable parameter may be given.</summary>
    public const int RepeatsMax = 100;

    private readonly OperationRequest request;
    private readonly CommandDescription description;

    private OperationCall(OperationRequest request, CommandDescription description, OperatorIdentity caller)
    {
        this.request = request;
        this.description = description;
        Caller = caller;
    }

    /// <summary>Who asks.</summary>
    public OperatorIdentity Caller { get; }

    /// <summary>Why it could not be written into the audit that it was begun; null if it was, or need not be.</summary>
    public string? UnauditedBecause { get; internal set; }

    /// <summary>Checks a request against the description of its operation.</summary>
    /// <returns>The call, or what is wrong with it.</returns>
    public static (OperationCall? Call, string? Fault) Check(OperationRequest request, CommandDescription description, OperatorIdentity caller)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(description);
        var fault = request.Values.Keys.Concat(request.Secrets.Keys).Where(name => description.Parameters.All(known => known.Name != name))
                .Select(name => $"'{name}' is not a parameter of '{description.Palette} {description.Name}': it has {Names(description)}.").FirstOrDefault()
            ?? description.Parameters.Select(parameter => FaultOf(parameter, request)).FirstOrDefault(fault => fault is not null);
        return fault is null ? (new OperationCall(request, description, caller), null) : (null, fault);
    }

    /// <summary>The text given, or the default; null if there is neither.</summary>
    public string? Text(string name) => request.Values.GetValueOrDefault(name) is { IsDefaultOrEmpty: false } given ? given[0] : description.Parameters.Single(known => known.Name == name).Default;

    /// <summary>The text of a parameter that is required or has a default.</summary>
    public string Needed(string name) => Text(name) ?? throw new InvalidOperationException($"Internal error: {name} was not checked.");

    /// <summary>Every text given.</summary>
    public ImmutableArray<string> All(string name) => request.Values.GetValueOrDefault(name, []);

    public int Number(string name) => int.Parse(Needed(name), CultureInfo.InvariantCulture);

    public TimeSpan? Duration(string name) => Text(name) is { } text ? ParseDuration(text) : null;

    public bool Flag(string name) => Text(name) is "true" or "";

    /// <summary>The secret; owned by the request.</summary>
    public Secret Secret(string name) => request.Secrets[name];

    /// <summary>Reads <c>30s</c>, <c>1.5h</c>, <c>200ms</c>; null for anything else.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        var match = DurationForm().Match(text);
        if (!match.Success || !double.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return null;
        var seconds = number * match.Groups[2].Value switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3_600, _ => 86_400 };
        return seconds < TimeSpan.FromDays(3_650).TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static string? FaultOf(ParameterDescription parameter, OperationRequest request)
    {
        if (parameter.Kind == "secret") return !parameter.Required || request.Secrets.ContainsKey(parameter.Name) ? null : $"'{parameter.Name}' is missing: {parameter.Summary}";
        var given = request.Values.GetValueOrDefault(parameter.Name, []);
        if (given.IsEmpty) return parameter is { Required: true, Default: null } ? $"'{parameter.Name}' is missing: {parameter.Summary}" : null;
        if (given.Length > (parameter.Repeatable ? RepeatsMax : 1)) return $"'{parameter.Name}' is given {given.Length} times: at most {(parameter.Repeatable ? RepeatsMax : 1)}.";
        if (given.Any(value => value.Length > ValueLengthMax)) return $"'{parameter.Name}' has more than {ValueLengthMax} characters.";
        if (given.Any(value => value.Contains('\0', StringComparison.Ordinal))) return $"'{parameter.Name}' has the character NUL (U+0000), which no name and no text has: leave it out.";
        return given.Select(value => parameter.Kind switch
        {
            "number" when !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1 => $"'{parameter.Name}' is '{value}': use a whole number from 1.",
            "duration" when ParseDuration(value) is null => $"'{parameter.Name}' is '{value}': use a number and ms, s, m, h or d, such as 30s.",
            "flag" when value is not ("" or "true" or "false") => $"'{parameter.Name}' is '{value}': use true or false.",
            _ => null,
        }).FirstOrDefault(fault => fault is not null);
    }

    private static string Names(CommandDescription description) => description.Parameters.IsEmpty ? "none" : string.Join(", ", description.Parameters.Select(parameter => parameter.Name));

    [GeneratedRegex(@"^([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DurationForm();
}
