using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace PasswordSync.Nodes.Tests.Bounds;

/// <summary>A named bound of the product and its default, as found in the assemblies.</summary>
/// <param name="Name">Type and member.</param>
/// <param name="Default">Its default, for people.</param>
/// <param name="Room">The assembly, without the product's name.</param>
internal sealed partial record Bound(string Name, string Default, string Room)
{
    private static readonly string[] Rooms = ["Core", "Sealing", "Ldap", "Actors", "Journal", "Providers", "Capture", "SyncNode", "EdgeNode"];

    /// <summary>All of them, by name: public constants and settings of options whose names say that they bound something.</summary>
    public static IReadOnlyList<Bound> All { get; } =
    [
        .. from room in Rooms
           from type in Assembly.Load($"PasswordSync.{room}").GetTypes()
           where type.IsPublic
           from bound in OfConstants(type).Concat(OfOptions(type))
           orderby bound.Name
           select new Bound(bound.Name, bound.Default, room),
    ];

    private static IEnumerable<(string Name, string Default)> OfConstants(Type type) =>
        from field in type.GetFields(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where (field.IsLiteral || field.IsInitOnly) && ConstantName().IsMatch(field.Name)
        let text = Describe(field.GetValue(null))
        where text is not null
        select ($"{type.Name}.{field.Name}", text);

    private static IEnumerable<(string Name, string Default)> OfOptions(Type type)
    {
        if (!OptionsName().IsMatch(type.Name) || type.IsAbstract) return [];
        var arguments = type.GetConstructors().OrderBy(constructor => constructor.GetParameters().Length).First().GetParameters();
        var made = Activator.CreateInstance(type, [.. arguments.Select(argument => argument.ParameterType.IsValueType ? Activator.CreateInstance(argument.ParameterType) : null)]);
        return
            from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where property.CanWrite && BoundName().IsMatch(property.Name)
            let text = Describe(property.GetValue(made))
            where text is not null
            select ($"{type.Name}.{property.Name}", text);
    }

    private static string? Describe(object? value) => value switch
    {
        int or long or uint => string.Format(CultureInfo.InvariantCulture, "{0:N0}", value),
        TimeSpan { TotalSeconds: < 120 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s"),
        TimeSpan { TotalMinutes: < 120 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.##} min"),
        TimeSpan { TotalHours: < 48 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.##} h"),
        TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0.##} days"),
        _ => null,
    };

    [GeneratedRegex("(Max|Limit)$")]
    private static partial Regex ConstantName();

    [GeneratedRegex("(Options|Limits)$")]
    private static partial Regex OptionsName();

    [GeneratedRegex("(Max|Limit|Capacity|Timeout|Concurrency|KeptFor|Every)$")]
    private static partial Regex BoundName();
}
