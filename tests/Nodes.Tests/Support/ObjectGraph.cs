using System.Reflection;

namespace PasswordSync.Nodes.Tests.Support;

/// <summary>All objects that can be reached from one, through every field, private ones too.</summary>
internal static class ObjectGraph
{
    private const int ObjectsMax = 3_000_000;

    /// <param name="root">Where to begin.</param>
    /// <param name="passOver">What is not looked into.</param>
    /// <returns>Each object, and the types on the way to it.</returns>
    public static IEnumerable<(object Found, Func<string> Way)> From(object root, Func<object, bool> passOver)
    {
        var seen = new Dictionary<object, object?>(ReferenceEqualityComparer.Instance) { [root] = null };
        var open = new Queue<object>([root]);
        var fieldsOf = new Dictionary<Type, FieldInfo[]>();
        while (open.TryDequeue(out var next))
        {
            if (passOver(next)) continue;
            if (seen.Count > ObjectsMax) throw new InvalidOperationException($"More than {ObjectsMax} objects can be reached.");
            yield return (next, () => WayTo(next, seen));
            foreach (var value in ValuesIn(next, fieldsOf))
            {
                if (seen.TryAdd(value, next)) open.Enqueue(value);
            }
        }
    }

    private static string WayTo(object found, Dictionary<object, object?> seen)
    {
        var way = new Stack<string>();
        for (object? at = found; at is not null; at = seen[at]) way.Push($"{at.GetType()}");
        return string.Join(Environment.NewLine + "  ", way);
    }

    private static IEnumerable<object> ValuesIn(object holder, Dictionary<Type, FieldInfo[]> fieldsOf)
    {
        if (holder is string or MemberInfo or Assembly or Module or Thread) return [];
        if (holder is Array array) return array.GetType().GetElementType()!.IsPrimitive ? [] : array.Cast<object?>().OfType<object>().Where(IsOfInterest);
        var type = holder.GetType();
        if (!fieldsOf.TryGetValue(type, out var fields)) fieldsOf[type] = fields = [.. FieldsOf(type)];
        return fields.Select(field => field.GetValue(holder)).OfType<object>().Where(IsOfInterest);
    }

    private static IEnumerable<FieldInfo> FieldsOf(Type? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (!field.FieldType.IsPointer && !field.FieldType.IsByRefLike && !field.FieldType.IsFunctionPointer) yield return field;
            }
        }
    }

    private static bool IsOfInterest(object value) => value is not (Pointer or Enum) && !value.GetType().IsPrimitive;
}
