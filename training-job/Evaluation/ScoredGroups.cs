namespace CtSeg.TrainingJob.Evaluation;

/// <summary>On which groups of the data a model is scored.</summary>
internal enum ScoredGroups
{
    All,

    /// <summary>Those that its manifest names as held out.</summary>
    HeldOut,

    /// <summary>The others: how well a model fits what it was trained on tells whether it learns too little or by heart.</summary>
    Fitted,
}
