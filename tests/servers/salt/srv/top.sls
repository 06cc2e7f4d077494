base:
  'minion-1':
    - app
