using System.CommandLine;

namespace CtSeg.TrainingJob;

/// <summary>A whole number from 1, or nothing.</summary>
internal static class PositiveOption
{
    public static Option<int?> Create(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int?>() < 1)
                result.AddError($"{name} must be at least 1.");
        });
        return option;
    }
}
