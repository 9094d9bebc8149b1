using System.CommandLine;
using System.CommandLine.Parsing;

namespace CtSeg.TrainingJob;

/// <summary>
/// Paths of files and folders that a command takes. An empty one, as an unset variable of a shell leaves it, is refused with the command line: some uses
/// would end in a trace, others take it for the folder that the program was started in.
/// </summary>
internal static class PathOption
{
    /// <summary>A path that has to be given.</summary>
    public static Option<string> Required(string name, string description) => AcceptNoEmptyPath(new Option<string>(name) { Required = true, Description = description });

    /// <summary>A path, or nothing.</summary>
    public static Option<string?> Create(string name, string description) => AcceptNoEmptyPath(new Option<string?>(name) { Description = description });

    /// <summary>Any number of paths.</summary>
    public static Option<string[]> Several(string name, string description) =>
        AcceptNoEmptyPath(new Option<string[]>(name) { AllowMultipleArgumentsPerToken = true, Description = description });

    public static TOption AcceptNoEmptyPath<TOption>(this TOption option) where TOption : Option
    {
        option.Validators.Add(result => Check(result, option.Name, result.Tokens));
        return option;
    }

    public static Argument<T> AcceptNoEmptyPath<T>(this Argument<T> argument)
    {
        argument.Validators.Add(result => Check(result, argument.Name, result.Tokens));
        return argument;
    }

    private static void Check(SymbolResult result, string name, IReadOnlyList<Token> paths)
    {
        if (paths.Any(path => string.IsNullOrWhiteSpace(path.Value)))
            result.AddError($"{name} is empty: give a path.");
    }
}
